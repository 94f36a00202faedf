//! `kgl-batch-plan`: see the library's documentation, or `--help`.

fn main() -> kgl_cli::Exit {
    kgl_cli::main(kgl_batch_plan::run)
}
