// y {{if .Back}}+{{end}}= 1/sqrt(n) * the sum of the four units that a candidate lies in, of a sudoku of n x n cells: see
// candidates_gather. A candidate and {{if eq .Type "f32"}}a channel{{else}}four channels{{end}} a thread; zero behind a lane's.
struct Params { n: u32, width: u32, positions: u32, cells: u32, units: u32, grids: u32 }
{{params}}
{{ro "units" .Type}}
{{ro "grids" "u32"}}
{{rw "y" .Type}}
{{flat}}
    if (e >= p.n) { return; }
    let channel = e % p.width;
    let lane = e / p.width / p.positions;
    let i = e / p.width % p.positions;
    let grid = p.grids + 4u * lane;
    var sum = {{.Type}}();
    if (i < grids[grid]) {
        let n = grids[grid + 2u];
        let high = grids[grid + 3u]; // rows of a box
        let row = i / n / n;
        let col = i / n % n;
        let box = row / high * high + col / (n / high);
        let unit = vec4<u32>(row * n + i % n, p.units + col * n + i % n, 2u * p.units + box * n + i % n, 3u * p.units + i / n);
        let at = (lane * p.cells + unit) * p.width + channel;
        sum = inverseSqrt(f32(n)) * (units[at.x] + units[at.y] + units[at.z] + units[at.w]);
    }
    y[e] {{if .Back}}+{{end}}= sum;
}
