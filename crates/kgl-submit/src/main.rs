//! The binary: everything is in the library.

fn main() -> kgl_cli::Exit {
    kgl_cli::main(kgl_submit::run)
}
