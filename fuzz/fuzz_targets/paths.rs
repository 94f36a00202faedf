//! Every path of kgl-align against the scalar oracle; see `kgl_testkit::fuzz`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kgl_testkit::fuzz::check_bytes(bytes));
