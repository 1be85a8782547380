// y[lane, i] = 0 where nothing is given in the cell of a candidate, 1 where it is, 2 where another is,
// -1 behind a lane's. tokens [lanes, tokens], of which first + k gives candidate k.
struct Params { n: u32, tokens: u32, positions: u32, first: i32, grids: u32 }
{{params}}
{{ro "tokens" "i32"}}
{{ro "grids" "u32"}}
{{rw "y" "i32"}}
{{flat}}
    if (e >= p.n) { return; }
    let lane = e / p.positions;
    let i = e % p.positions;
    let grid = p.grids + 4u * lane;
    var role = -1;
    if (i < grids[grid]) {
        let n = grids[grid + 2u];
        let given = tokens[lane * p.tokens + i / n] - p.first;
        role = select(select(2, 1, given == i32(i % n)), 0, given < 0);
    }
    y[e] = role;
}
