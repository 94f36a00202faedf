//! `kgl-fleet`: see the library's documentation, or `--help`.

fn main() -> kgl_cli::Exit {
    kgl_cli::main(kgl_fleet::run)
}
