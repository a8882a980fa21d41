//! The prefix `/`, to have none.

use robyn_ws::prelude::*;

static LEAGUE: SubRouter = SubRouter::new("/");

fn main() {
    drop(App::new().include_router(&LEAGUE));
}
