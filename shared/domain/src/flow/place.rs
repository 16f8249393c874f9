//! Where stages stand in their flow: all of them in one list, forks before their arms.

use super::{Flow, Stage};

/// A stage, and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The stage.
    pub stage: &'a Stage,
    /// The fork in whose arm it stands, and the arm; `None` for a stage of the flow itself.
    pub within: Option<(u16, u16)>,
    /// The stage before it in the same arm, or in the flow.
    pub previous: Option<u16>,
    /// The first place behind it and its arms.
    pub end: u16,
    /// How many forks it stands in.
    pub depth: u16,
}

impl Flow {
    /// All stages, numbered as runs number them: depth first, a fork before its arms.
    pub fn places(&self) -> Vec<Place<'_>> {
        let mut places = Vec::with_capacity(self.stages.len());
        list(&self.stages, None, 0, &mut places);
        places
    }

    /// A stage by its number.
    pub fn stage(&self, number: u16) -> Option<&Stage> {
        // Most flows have no forks, and then the list is the numbering.
        if self.stages.iter().any(Stage::is_fork) {
            self.places().get(usize::from(number)).map(|place| place.stage)
        } else {
            self.stages.get(usize::from(number))
        }
    }
}

fn list<'a>(stages: &'a [Stage], within: Option<(u16, u16)>, depth: u16, places: &mut Vec<Place<'a>>) {
    let mut previous = None;
    for stage in stages {
        let number = next(places);
        places.push(Place { stage, within, previous, end: 0, depth });
        for (arm, inner) in stage.arms().into_iter().enumerate() {
            list(inner, Some((number, u16::try_from(arm).unwrap_or(u16::MAX))), depth + 1, places);
        }
        let end = next(places);
        if let Some(place) = places.get_mut(usize::from(number)) {
            place.end = end;
        }
        previous = Some(number);
    }
}

fn next(places: &[Place<'_>]) -> u16 {
    u16::try_from(places.len()).unwrap_or(u16::MAX)
}
