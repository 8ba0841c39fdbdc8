//! MD5 of several values at once: each in a lane of the same instructions.
//!
//! One hash is a chain of steps that wait for each other, which leaves most of a core idle. The compiler makes vector
//! instructions of the loops over lanes here.

/// How many values are hashed at once.
pub(crate) const LANES: usize = 8;

/// One word of each lane.
type Words = [u32; LANES];

/// Bytes of a block.
const BLOCK: usize = 64;
/// What follows a value in its last block at least: a bit, and the length.
const TAIL: usize = 9;

/// The values of a hash before the first block.
const START: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

/// RFC 1321, 3.4: the integer part of 2³² times |sin(i + 1)|.
const SINES: [u32; 64] = [
    0xd76a_a478,
    0xe8c7_b756,
    0x2420_70db,
    0xc1bd_ceee,
    0xf57c_0faf,
    0x4787_c62a,
    0xa830_4613,
    0xfd46_9501,
    0x6980_98d8,
    0x8b44_f7af,
    0xffff_5bb1,
    0x895c_d7be,
    0x6b90_1122,
    0xfd98_7193,
    0xa679_438e,
    0x49b4_0821,
    0xf61e_2562,
    0xc040_b340,
    0x265e_5a51,
    0xe9b6_c7aa,
    0xd62f_105d,
    0x0244_1453,
    0xd8a1_e681,
    0xe7d3_fbc8,
    0x21e1_cde6,
    0xc337_07d6,
    0xf4d5_0d87,
    0x455a_14ed,
    0xa9e3_e905,
    0xfcef_a3f8,
    0x676f_02d9,
    0x8d2a_4c8a,
    0xfffa_3942,
    0x8771_f681,
    0x6d9d_6122,
    0xfde5_380c,
    0xa4be_ea44,
    0x4bde_cfa9,
    0xf6bb_4b60,
    0xbebf_bc70,
    0x289b_7ec6,
    0xeaa1_27fa,
    0xd4ef_3085,
    0x0488_1d05,
    0xd9d4_d039,
    0xe6db_99e5,
    0x1fa2_7cf8,
    0xc4ac_5665,
    0xf429_2244,
    0x432a_ff97,
    0xab94_23a7,
    0xfc93_a039,
    0x655b_59c3,
    0x8f0c_cc92,
    0xffef_f47d,
    0x8584_5dd1,
    0x6fa8_7e4f,
    0xfe2c_e6e0,
    0xa301_4314,
    0x4e08_11a1,
    0xf753_7e82,
    0xbd3a_f235,
    0x2ad7_d2bb,
    0xeb86_d391,
];

/// Calls `$each` with the loop written out, so that each index is a constant.
macro_rules! sixteen {
    ($each:ident) => {
        $each!(0);
        $each!(1);
        $each!(2);
        $each!(3);
        $each!(4);
        $each!(5);
        $each!(6);
        $each!(7);
        $each!(8);
        $each!(9);
        $each!(10);
        $each!(11);
        $each!(12);
        $each!(13);
        $each!(14);
        $each!(15);
    };
}

/// Sixteen steps: the place of the first word of the block and the way to the next one, how far each of four steps turns,
/// and the mix of the three words that are not added to.
macro_rules! round {
    ($state:ident, $block:ident, $round:literal, $first:literal + $next:literal, $turns:expr, |$b:ident, $c:ident, $d:ident| $mix:expr) => {
        macro_rules! one {
            ($at:literal) => {
                let turn = const { ($turns as [u32; 4])[$at % 4] };
                let word = &$block[($first + $next * $at) % 16];
                let [a, b, c, d] = $state;
                let mut next = [0; LANES];
                for lane in 0..LANES {
                    let ($b, $c, $d) = (b[lane], c[lane], d[lane]);
                    let sum =
                        a[lane].wrapping_add($mix).wrapping_add(word[lane]).wrapping_add(SINES[16 * $round + $at]);
                    next[lane] = sum.rotate_left(turn).wrapping_add($b);
                }
                $state = [d, next, b, c];
            };
        }
        sixteen!(one);
    };
}

fn compress(hash: &mut [Words; 4], block: &[Words; 16]) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        #[expect(unsafe_code, reason = "the only way to call what was compiled for more than the oldest processors")]
        // SAFETY: the processor has the instructions, as the line above says.
        unsafe {
            compress_avx2(hash, block);
        }
        return;
    }
    compress_lanes(hash, block);
}

/// A word of all lanes is one register.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn compress_avx2(hash: &mut [Words; 4], block: &[Words; 16]) {
    compress_lanes(hash, block);
}

#[inline(always)]
fn compress_lanes(hash: &mut [Words; 4], block: &[Words; 16]) {
    let mut state = *hash;
    round!(state, block, 0, 0 + 1, [7, 12, 17, 22], |b, c, d| (b & c) | (!b & d));
    round!(state, block, 1, 1 + 5, [5, 9, 14, 20], |b, c, d| (d & b) | (!d & c));
    round!(state, block, 2, 5 + 3, [4, 11, 16, 23], |b, c, d| b ^ c ^ d);
    round!(state, block, 3, 0 + 7, [6, 10, 15, 21], |b, c, d| c ^ (b | !d));
    for (hash, state) in hash.iter_mut().zip(state) {
        for lane in 0..LANES {
            hash[lane] = hash[lane].wrapping_add(state[lane]);
        }
    }
}

/// Values of one number of blocks, on their way to be hashed together.
pub(crate) struct Group {
    blocks: usize,
    /// One after the other, each filled up to whole blocks.
    values: Vec<u8>,
    filled: usize,
}

impl Group {
    pub(crate) fn new(blocks: usize) -> Self {
        Group { blocks, values: vec![0; blocks * BLOCK * LANES], filled: 0 }
    }

    /// How many blocks a value of this length has.
    pub(crate) fn blocks_of(length: usize) -> usize {
        (length + TAIL).div_ceil(BLOCK)
    }

    /// Takes a value into the next lane; tells whether that was the last one.
    pub(crate) fn add(&mut self, value: &[u8]) -> bool {
        let size = self.blocks * BLOCK;
        let lane = &mut self.values[self.filled * size..][..size];
        let (text, rest) = lane.split_at_mut(value.len());
        text.copy_from_slice(value);
        rest.fill(0);
        rest[0] = 0x80;
        let bits = (value.len() as u64).wrapping_mul(8);
        lane[size - 8..].copy_from_slice(&bits.to_le_bytes());
        self.filled += 1;
        self.filled == LANES
    }

    /// The hashes of the values, in the order in which they came. The lanes are free again.
    pub(crate) fn hash(&mut self) -> impl Iterator<Item = [u8; 16]> + use<> {
        let mut hash = START.map(|word| [word; LANES]);
        for block in 0..self.blocks {
            let mut words = [[0; LANES]; 16];
            for lane in 0..LANES {
                let bytes = &self.values[(lane * self.blocks + block) * BLOCK..][..BLOCK];
                for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(4)) {
                    word[lane] = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
                }
            }
            compress(&mut hash, &words);
        }
        (0..std::mem::take(&mut self.filled)).map(move |lane| {
            let mut bytes = [0; 16];
            for (bytes, word) in bytes.chunks_exact_mut(4).zip(hash) {
                bytes.copy_from_slice(&word[lane].to_le_bytes());
            }
            bytes
        })
    }
}
