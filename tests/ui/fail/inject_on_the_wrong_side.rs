//! `inject` of an app and `inject_global` of a sub-router: the errors are at the values and name the other method.

use robyn_ws::prelude::*;

static LEAGUE: SubRouter = SubRouter::new("/league");

pub struct City;

fn main() {
    let league = LEAGUE.inject_global(City);
    let _app = App::new().inject(City).include_router(league);
}
