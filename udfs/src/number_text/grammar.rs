//! The grammar of number words as a table: where a text stands, and where each class of word leads from there.

/// What the grammar knows of a word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Class {
    /// No word: the end of the text.
    End,
    Zero,
    /// 1 to 9
    Unit,
    Ten,
    /// 11 to 19
    Teen,
    /// 20, 30 … 90
    Tens,
    Hundred,
    Thousand,
    Million,
    Billion,
    Trillion,
    /// `a` before hundred or a scale
    Article,
    And,
    /// minus, negative
    Minus,
    Point,
}

impl Class {
    pub(super) const ALL: [Self; 15] = [
        Self::End,
        Self::Zero,
        Self::Unit,
        Self::Ten,
        Self::Teen,
        Self::Tens,
        Self::Hundred,
        Self::Thousand,
        Self::Million,
        Self::Billion,
        Self::Trillion,
        Self::Article,
        Self::And,
        Self::Minus,
        Self::Point,
    ];
}

/// Where in the grammar a text stands; `First…` and `Unit` are a count that a `hundred` can follow.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum State {
    Wrong,
    /// Behind `point`.
    Fraction,
    /// Behind `minus` and `negative`.
    Minus,
    /// At a `hundred` or a scale at the start, whose count is left out.
    Countless,
    /// Behind the last word of a number without `point`.
    End,
    Start,
    /// As `Start`, behind `minus`.
    Signed,
    Zero,
    Article,
    /// 1 to 9 at the start of a count.
    Unit,
    /// 11 to 99 at the start of the first count.
    FirstBelow,
    FirstTens,
    /// 20, 30 … 90
    Tens,
    TensAnd,
    /// A count that can only be scaled now.
    Closed,
    Hundred,
    HundredAnd,
    /// `fifteen hundred`: the last count, what is below a hundred can still come.
    BigHundred,
    BigHundredAnd,
    BigTens,
    BigTensAnd,
    BigClosed,
    Scaled,
    ScaledAnd,
}

impl State {
    const ALL: [Self; 24] = [
        Self::Wrong,
        Self::Fraction,
        Self::Minus,
        Self::Countless,
        Self::End,
        Self::Start,
        Self::Signed,
        Self::Zero,
        Self::Article,
        Self::Unit,
        Self::FirstBelow,
        Self::FirstTens,
        Self::Tens,
        Self::TensAnd,
        Self::Closed,
        Self::Hundred,
        Self::HundredAnd,
        Self::BigHundred,
        Self::BigHundredAnd,
        Self::BigTens,
        Self::BigTensAnd,
        Self::BigClosed,
        Self::Scaled,
        Self::ScaledAnd,
    ];

    /// The grammar, but for the order of the scales.
    const fn after(self, class: Class) -> Self {
        match (self, class) {
            (Self::Start, Class::Minus) => Self::Minus,
            (Self::Start | Self::Signed, Class::Zero) => Self::Zero,
            (Self::Start | Self::Signed | Self::Scaled | Self::ScaledAnd, Class::Article) => Self::Article,
            (Self::Start | Self::Signed | Self::Scaled | Self::ScaledAnd, Class::Unit) => Self::Unit,
            (Self::Start | Self::Signed, Class::Ten) => Self::Closed,
            (Self::Start | Self::Signed, Class::Teen) => Self::FirstBelow,
            (Self::Start | Self::Signed, Class::Tens) => Self::FirstTens,
            (
                Self::Start | Self::Signed,
                Class::Hundred | Class::Thousand | Class::Million | Class::Billion | Class::Trillion,
            ) => Self::Countless,
            (Self::Article | Self::Unit, Class::Hundred) => Self::Hundred,
            (Self::FirstBelow, Class::Hundred) => Self::BigHundred,
            (Self::FirstTens, Class::Unit) => Self::FirstBelow,
            (Self::FirstTens | Self::Tens, Class::And) => Self::TensAnd,
            (Self::Hundred | Self::HundredAnd | Self::Scaled | Self::ScaledAnd, Class::Tens) => Self::Tens,
            (Self::Hundred | Self::HundredAnd | Self::Scaled | Self::ScaledAnd, Class::Ten | Class::Teen) => {
                Self::Closed
            }
            (Self::Hundred | Self::HundredAnd | Self::Tens | Self::TensAnd, Class::Unit) => Self::Closed,
            (Self::Hundred, Class::And) => Self::HundredAnd,
            (Self::BigHundred | Self::BigHundredAnd, Class::Tens) => Self::BigTens,
            (Self::BigHundred | Self::BigHundredAnd, Class::Unit | Class::Ten | Class::Teen) => Self::BigClosed,
            (Self::BigHundred, Class::And) => Self::BigHundredAnd,
            (Self::BigTens | Self::BigTensAnd, Class::Unit) => Self::BigClosed,
            (Self::BigTens, Class::And) => Self::BigTensAnd,
            (Self::Scaled, Class::And) => Self::ScaledAnd,
            (
                Self::Article
                | Self::Unit
                | Self::FirstBelow
                | Self::FirstTens
                | Self::Tens
                | Self::Closed
                | Self::Hundred,
                Class::Thousand | Class::Million | Class::Billion | Class::Trillion,
            ) => Self::Scaled,
            (Self::Start | Self::Signed, Class::Point) => Self::Fraction,
            (state, Class::Point) if state.is_complete() => Self::Fraction,
            (state, Class::End) if state.is_complete() => Self::End,
            _ => Self::Wrong,
        }
    }

    /// Whether the integer part may end here.
    const fn is_complete(self) -> bool {
        matches!(
            self,
            Self::Zero
                | Self::Unit
                | Self::FirstBelow
                | Self::FirstTens
                | Self::Tens
                | Self::Closed
                | Self::Hundred
                | Self::BigHundred
                | Self::BigTens
                | Self::BigClosed
                | Self::Scaled
        )
    }
}

/// A [`State`] and how many scales may still come, for they have to fall.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(u8);

/// More than there are states.
const STATES: usize = 32;
/// thousand, million, billion, trillion
const SCALES: usize = 4;

impl Place {
    pub(super) const START: Self = Self::new(State::Start, SCALES);
    /// Behind the sign.
    pub(super) const SIGNED: Self = Self::new(State::Signed, SCALES);
    /// Behind an `a` at the start.
    pub(super) const ARTICLE: Self = Self::new(State::Article, SCALES);

    pub(super) const FRACTION: Self = Self::new(State::Fraction, 0);
    pub(super) const MINUS: Self = Self::new(State::Minus, 0);
    pub(super) const COUNTLESS: Self = Self::new(State::Countless, 0);

    const fn new(state: State, scales: usize) -> Self {
        Self((scales * STATES + state as usize) as u8)
    }

    /// Whether the word that led here asks for more than arithmetic, or is wrong.
    #[inline]
    pub(super) fn is_special(self) -> bool {
        self.0 <= State::End as u8
    }

    #[inline]
    pub(super) fn after(self, class: &Steps) -> Self {
        class[self.0 as usize]
    }

    /// Whether the integer part may end here.
    #[inline]
    pub(super) fn is_complete(self) -> bool {
        self.after(steps(Class::End)).0 == State::End as u8
    }
}

/// Where a class of word leads from each place. There is one for every `u8`, so that no bounds are checked.
pub(super) type Steps = [Place; 256];

/// [`State::after`] as tables: one read for each word instead of branches that depend on the text.
static STEPS: [Steps; Class::ALL.len()] = {
    let mut steps = [[Place::new(State::Wrong, 0); 256]; Class::ALL.len()];
    let mut class = 0;
    while class < Class::ALL.len() {
        let mut from = 0;
        while from < State::ALL.len() * (SCALES + 1) {
            let (state, scales) = (State::ALL[from % State::ALL.len()], from / State::ALL.len());
            steps[class][Place::new(state, scales).0 as usize] = after(state, scales, Class::ALL[class]);
            from += 1;
        }
        class += 1;
    }
    steps
};

#[inline]
pub(super) const fn steps(class: Class) -> &'static Steps {
    &STEPS[class as usize]
}

const fn after(state: State, scales: usize, class: Class) -> Place {
    let next = state.after(class);
    let left = match class {
        Class::Thousand => 0,
        Class::Million => 1,
        Class::Billion => 2,
        Class::Trillion => 3,
        _ => scales,
    };
    match next {
        State::Wrong | State::Fraction | State::Minus | State::Countless | State::End => Place::new(next, 0),
        State::Scaled if left >= scales => Place::new(State::Wrong, 0),
        _ => Place::new(next, left),
    }
}
