//! A store's settings, as its file and its record hold them.

use harkara_domain::place::{Destination, Ground, normalise};
use harkara_engine::settings::Settings;

use crate::sample::SCENE;

pub(super) fn run(data: &[u8]) {
    let Ok(settings) = serde_json::from_slice::<Settings>(data) else { return };
    let text = serde_json::to_string(&settings).expect("settings can be written");
    let read: Settings = serde_json::from_str(&text).expect("settings can be read");
    assert!(read == settings, "{text} are other settings");
    let flaws = settings.flaws();
    assert!(flaws == settings.flaws() && flaws.len() <= data.len() + 1, "{} flaws", flaws.len());
    let _ = (settings.zone(), settings.team("ops"), settings.has_priority(), settings.link("/"));
    let ground = Ground::of(&settings.rules);
    let destination = Destination::of(SCENE.order(), &ground);
    for city in settings.rules.city_aliases.keys().map(String::as_str).chain([destination.city()]) {
        let canonical = ground.cities.canonical(city);
        assert!(ground.cities.same(city, &canonical) || !flaws.is_empty(), "{city:?} is not {canonical:?}");
        let areas = ground.areas.of(&canonical, destination.postal_code()).count();
        assert!(areas <= settings.rules.areas.len());
        let normal = normalise(city);
        assert!(normalise(&normal) == normal, "{city:?} is {normal:?}, and then {:?}", normalise(&normal));
    }
}
