//! The binary `rna3d`; everything is in the library.

fn main() -> kgl_cli::Exit {
    kgl_cli::main(rna3d_baseline::run)
}
