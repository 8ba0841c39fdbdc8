//! Short copies. Most values have 8 to 64 bytes, for which a call of `memcpy` costs more than the copying.

/// Copies `from` to the beginning of `to`, which must be as long at least, and gives whether a byte was zero.
#[inline(always)]
pub fn copy(from: &[u8], to: &mut [u8]) -> bool {
    let size = from.len();
    let to = &mut to[..size];
    match size {
        // Four pieces that overlap as need be: one way for all sizes, so that the processor never guesses wrong.
        16..=64 => {
            let last = size - 16;
            piece::<16>(from, to, 0)
                | piece::<16>(from, to, last.min(16))
                | piece::<16>(from, to, last.saturating_sub(16))
                | piece::<16>(from, to, last)
        }
        8..16 => piece::<8>(from, to, 0) | piece::<8>(from, to, size - 8),
        4..8 => piece::<4>(from, to, 0) | piece::<4>(from, to, size - 4),
        0..4 => {
            let mut zero = false;
            for (from, to) in from.iter().zip(to) {
                *to = *from;
                zero |= *from == 0;
            }
            zero
        }
        _ => {
            to.copy_from_slice(from);
            memchr::memchr(0, from).is_some()
        }
    }
}

#[inline(always)]
fn piece<const N: usize>(from: &[u8], to: &mut [u8], at: usize) -> bool {
    let mut piece = [0; N];
    piece.copy_from_slice(&from[at..at + N]);
    to[at..at + N].copy_from_slice(&piece);
    piece.iter().fold(false, |zero, byte| zero | (*byte == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_is_copied_and_a_zero_found_at_every_place() {
        for size in 0..200 {
            let mut from: Vec<u8> = (1..=size as u8).collect();
            let mut to = vec![0; size + 3];
            assert!(!copy(&from, &mut to));
            assert_eq!((&to[..size], &to[size..]), (&from[..], &[0, 0, 0][..]));
            for place in 0..size {
                let byte = std::mem::replace(&mut from[place], 0);
                assert!(copy(&from, &mut to), "{place} of {size}");
                from[place] = byte;
            }
        }
    }
}
