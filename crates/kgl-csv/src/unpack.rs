//! Plain, gzip and zip files read alike. Which one a file is, its first bytes
//! say, never its name.
//!
//! A zip file is read when it holds one file: that is what the site unpacks, and
//! what this reads is what it will see. Its directory says where the member lies
//! (the zip crate reads it, zip64 included); the member is then inflated as a
//! stream, and its length and checksum are held against the directory's.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Take};

use flate2::Crc;
use flate2::bufread::{DeflateDecoder, MultiGzDecoder};

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    Plain,
    /// gzip, of one or several members.
    Gzip,
    /// A zip file with one file in it.
    Zip,
}

/// What can be read from its beginning again.
pub trait Rewind {
    /// Goes back to the beginning.
    ///
    /// # Errors
    /// The source cannot go back.
    fn rewind(&mut self) -> io::Result<()>;
}

impl<T: Seek> Rewind for T {
    fn rewind(&mut self) -> io::Result<()> {
        Seek::rewind(self)
    }
}

/// The unpacked bytes of a file.
#[derive(Debug)]
pub struct Unpacked {
    file: File,
    layer: Layer,
}

#[derive(Debug)]
enum Layer {
    Plain,
    Gzip(Box<MultiGzDecoder<BufReader<File>>>),
    Zip(Box<Zip>),
}

/// The one member of a zip file.
#[derive(Debug)]
struct Zip {
    member: Member,
    data: Data,
    crc: Crc,
}

#[derive(Debug, Clone)]
struct Member {
    name: String,
    start: u64,
    packed_bytes: u64,
    size_bytes: u64,
    crc32: u32,
    deflated: bool,
}

#[derive(Debug)]
enum Data {
    Stored(Take<BufReader<File>>),
    Deflated(DeflateDecoder<Take<BufReader<File>>>),
}

impl Unpacked {
    /// Reads `file` from its beginning.
    ///
    /// # Errors
    /// It cannot be read, or is a zip file that does not hold exactly one file, or one that
    /// is encrypted or packed by another method than deflate.
    pub fn new(mut file: File) -> io::Result<Self> {
        let mut magic = Vec::new();
        Seek::rewind(&mut file)?;
        (&mut file).take(4).read_to_end(&mut magic)?;
        Seek::rewind(&mut file)?;
        let layer = match *magic {
            [0x1f, 0x8b, ..] => gzip(&file)?,
            [b'P', b'K', 3, 4] | [b'P', b'K', 5, 6] => {
                let member = only_member(file.try_clone()?)?;
                zip(&file, member)?
            }
            _ => Layer::Plain,
        };
        Ok(Self { file, layer })
    }

    /// How the file is packed.
    #[must_use]
    pub fn packing(&self) -> Packing {
        match self.layer {
            Layer::Plain => Packing::Plain,
            Layer::Gzip(_) => Packing::Gzip,
            Layer::Zip(_) => Packing::Zip,
        }
    }

    /// The name of the file in a zip file.
    #[must_use]
    pub fn member(&self) -> Option<&str> {
        match &self.layer {
            Layer::Zip(zip) => Some(&zip.member.name),
            Layer::Plain | Layer::Gzip(_) => None,
        }
    }
}

fn gzip(file: &File) -> io::Result<Layer> {
    let packed = BufReader::new(file.try_clone()?);
    Ok(Layer::Gzip(Box::new(MultiGzDecoder::new(packed))))
}

fn zip(file: &File, member: Member) -> io::Result<Layer> {
    let mut file = file.try_clone()?;
    file.seek(SeekFrom::Start(member.start))?;
    let packed = BufReader::new(file).take(member.packed_bytes);
    let data = if member.deflated {
        Data::Deflated(DeflateDecoder::new(packed))
    } else {
        Data::Stored(packed)
    };
    Ok(Layer::Zip(Box::new(Zip {
        member,
        data,
        crc: Crc::new(),
    })))
}

/// The file in a zip file that holds one.
fn only_member(file: File) -> io::Result<Member> {
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(bad_zip)?;
    let mut only = None;
    let mut files = 0;
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(bad_zip)?;
        if entry.is_dir() {
            continue;
        }
        files += 1;
        let deflated = match entry.compression() {
            zip::CompressionMethod::Stored => false,
            zip::CompressionMethod::Deflated => true,
            other => return Err(bad_zip(format_args!("packed by {other}, not by deflate"))),
        };
        if entry.encrypted() {
            return Err(bad_zip("it is encrypted"));
        }
        let start = entry.data_start();
        only = Some(Member {
            name: entry.name().map_err(bad_zip)?.into_owned(),
            start: start.ok_or_else(|| bad_zip("it does not say where its data begin"))?,
            packed_bytes: entry.compressed_size(),
            size_bytes: entry.size(),
            crc32: entry.crc32(),
            deflated,
        });
    }
    match only {
        Some(member) if files == 1 => Ok(member),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("the zip file holds {files} files, and must hold one"),
        )),
    }
}

fn bad_zip(what: impl std::fmt::Display) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("a bad zip file: {what}"),
    )
}

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.layer {
            Layer::Plain => self.file.read(buffer),
            Layer::Gzip(gzip) => gzip.read(buffer),
            Layer::Zip(zip) => zip.read(buffer),
        }
    }
}

impl Zip {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match &mut self.data {
            Data::Stored(data) => data.read(buffer)?,
            Data::Deflated(data) => data.read(buffer)?,
        };
        self.crc.update(&buffer[..count]);
        if count == 0 && !buffer.is_empty() {
            // The checksum counts bytes modulo 2³².
            let size = self.member.size_bytes & u64::from(u32::MAX);
            if u64::from(self.crc.amount()) != size || self.crc.sum() != self.member.crc32 {
                return Err(bad_zip("its checksum does not agree with its content"));
            }
        }
        Ok(count)
    }
}

impl Rewind for Unpacked {
    fn rewind(&mut self) -> io::Result<()> {
        Seek::rewind(&mut self.file)?;
        self.layer = match &self.layer {
            Layer::Plain => Layer::Plain,
            Layer::Gzip(_) => gzip(&self.file)?,
            Layer::Zip(packed) => zip(&self.file, packed.member.clone())?,
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const TEXT: &[u8] = b"id,p\na,1\nb,2\n";

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn gzipped(bytes: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    fn zipped(members: &[(&str, &[u8])], method: zip::CompressionMethod) -> Vec<u8> {
        let mut packer = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        packer.add_directory("folder/", options).unwrap();
        for (name, bytes) in members {
            packer.start_file(*name, options).unwrap();
            packer.write_all(bytes).unwrap();
        }
        packer.finish().unwrap().into_inner()
    }

    fn read(bytes: &[u8]) -> io::Result<(Packing, Vec<u8>)> {
        let mut unpacked = Unpacked::new(file(bytes))?;
        let mut twice = [Vec::new(), Vec::new()];
        for text in &mut twice {
            unpacked.read_to_end(text)?;
            unpacked.rewind()?;
        }
        assert_eq!(twice[0], twice[1]);
        let [text, _] = twice;
        Ok((unpacked.packing(), text))
    }

    #[test]
    fn each_packing_is_read_and_read_again() {
        use zip::CompressionMethod as Method;
        assert_eq!(read(TEXT).unwrap(), (Packing::Plain, TEXT.to_vec()));
        assert_eq!(read(b"").unwrap().1, b"");
        let members = [gzipped(&TEXT[..5]), gzipped(&TEXT[5..])].concat();
        assert_eq!(read(&members).unwrap(), (Packing::Gzip, TEXT.to_vec()));
        for method in [Method::Stored, Method::Deflated] {
            let packed = zipped(&[("a.csv", TEXT)], method);
            assert_eq!(read(&packed).unwrap(), (Packing::Zip, TEXT.to_vec()));
        }
    }

    #[test]
    fn what_is_broken_or_not_one_file_is_refused() {
        use zip::CompressionMethod as Method;
        let refused = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
        let two = zipped(&[("a.csv", TEXT), ("b.csv", TEXT)], Method::Stored);
        assert!(refused(&two).contains("holds 2 files"));
        assert!(refused(&zipped(&[], Method::Stored)).contains("holds 0 files"));
        let mut spoilt = zipped(&[("a.csv", TEXT)], Method::Stored);
        let at = spoilt.windows(4).position(|four| four == b"id,p").unwrap();
        spoilt[at] = b'x';
        assert!(refused(&spoilt).contains("checksum"));
        let gzip = gzipped(TEXT);
        refused(&gzip[..gzip.len() - 3]);
        refused(&gzip[..12]);
        let zip = zipped(&[("a.csv", TEXT)], Method::Deflated);
        refused(&zip[..zip.len() - 30]);
    }
}
