//! Files: the only place that touches `std::fs`, so that every error names the path and what was tried.
//!
//! Writing is atomic by file: the new bytes go to a temporary file in the same folder, which is then renamed over the
//! old one. Whatever interrupts the program, a file is either the old one or the new one, and the next run, which
//! writes whatever differs, repairs the rest. What a kill may leave behind are temporary files; their names begin
//! with a dot, so Go and migration tools pass them over, and [`sweep`] takes them away. A folder that is not there yet
//! is made beside its place with all that goes into it, and renamed as a whole ([`StagedFolder`]).
//!
//! This module must know nothing of schemas or Go, and no other of the crate.
#![expect(clippy::disallowed_methods, reason = "this is the module that the lint sends everybody to")]

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

/// How names of temporary files begin.
const TEMPORARY_PREFIX: &str = ".pgx-goose-";
/// How they end.
const TEMPORARY_SUFFIX: &str = ".tmp";
/// How old a temporary file must be to be nobody's: far longer than files are staged for, which is a run at most.
const ABANDONED_AFTER: Duration = Duration::from_secs(600);

/// A file or folder that could not be handled: what was tried, on which path, and why it failed.
#[derive(Debug, thiserror::Error)]
#[error("can't {action} `{}`", path.display())]
pub struct Error {
    /// What was tried, as a verb: `read`, `write`, `create the folder`.
    pub action: &'static str,
    /// On which path, as the caller named it.
    pub path: PathBuf,
    /// Why it failed.
    #[source]
    pub source: io::Error,
}

impl Error {
    fn new(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self { action, path: path.to_owned(), source }
    }

    fn refused(action: &'static str, path: &Path, why: &str) -> Self {
        Self::new(action, path, io::Error::new(io::ErrorKind::InvalidInput, why))
    }

    /// Whether the path does not exist.
    pub fn is_not_found(&self) -> bool {
        self.source.kind() == io::ErrorKind::NotFound
    }
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A device, a pipe, a socket.
    Other,
}

/// An entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name within the folder.
    pub name: OsString,
    /// The folder and the name.
    pub path: PathBuf,
    /// What it is; links are followed.
    pub kind: FileKind,
}

/// How long a written file must last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Through a power cut: the file and its folder are flushed to the disk. For what can't be made again, as snapshots.
    Flushed,
    /// Through a kill of the program, and a crash of the machine may lose it. For generated trees: thousands of
    /// flushes would take longer than everything else together, and the next run writes what is missing or damaged.
    Renamed,
}

/// Returns the bytes of a file.
///
/// # Errors
/// If the file can't be read.
pub fn read(path: impl AsRef<Path>) -> Result<Vec<u8>, Error> {
    let path = path.as_ref();
    fs::read(path).map_err(|source| Error::new("read", path, source))
}

/// Returns the text of a file.
///
/// # Errors
/// If the file can't be read or is not UTF-8; the error says at which byte.
pub fn read_to_string(path: impl AsRef<Path>) -> Result<String, Error> {
    let path = path.as_ref();
    String::from_utf8(read(path)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Error::new("read", path, io::Error::new(io::ErrorKind::InvalidData, format!("the file is not UTF-8: byte {at} is no character")))
    })
}

/// Returns the bytes of a file, or `None` where there is no such file.
///
/// # Errors
/// If the file exists and can't be read.
pub fn read_if_exists(path: impl AsRef<Path>) -> Result<Option<Vec<u8>>, Error> {
    match read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns what a path leads to, links followed, or `None` where there is nothing.
///
/// # Errors
/// If a folder on the way can't be looked into.
pub fn kind(path: impl AsRef<Path>) -> Result<Option<FileKind>, Error> {
    let path = path.as_ref();
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(kind_of(&metadata))),
        Err(source) if matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(source) => Err(Error::new("look at", path, source)),
    }
}

/// Who may do what with a file, as Unix has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permissions {
    /// The permission bits.
    pub mode: u32,
    /// The number of the owner.
    pub owner: u32,
}

/// Returns who may do what with a file; `None` on systems that have no such bits.
///
/// # Errors
/// If the file can't be looked at.
pub fn permissions(path: impl AsRef<Path>) -> Result<Option<Permissions>, Error> {
    let path = path.as_ref();
    let metadata = fs::metadata(path).map_err(|error| Error::new("look at", path, error))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        Ok(Some(Permissions { mode: metadata.mode() & 0o7777, owner: metadata.uid() }))
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        Ok(None)
    }
}

/// What a file system says of a regular file without a look inside: as long as it is the same, so is what is inside, unless somebody set a clock back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Its length in bytes.
    pub size: u64,
    /// When its bytes were last written, in nanoseconds of its file system's clock.
    pub modified: i128,
    /// When anything of it last changed, which nobody can set; elsewhere than on Unix the same as `modified`.
    pub changed: i128,
    /// Its number in the file system; another file put in its place has another one. Zero elsewhere than on Unix.
    pub number: u64,
}

/// Returns the stamp of a regular file; `None` where there is nothing or something else, a link among them.
///
/// # Errors
/// If a folder on the way can't be looked into.
pub fn stamp(path: impl AsRef<Path>) -> Result<Option<Stamp>, Error> {
    let path = path.as_ref();
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => metadata,
        Ok(_) => return Ok(None),
        Err(source) if matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(None),
        Err(source) => return Err(Error::new("look at", path, source)),
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let nanoseconds = |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
        Ok(Some(Stamp {
            size: metadata.len(),
            modified: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            changed: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
            number: metadata.ino(),
        }))
    }
    #[cfg(not(unix))]
    {
        let modified = metadata.modified().map_err(|source| Error::new("look at", path, source))?;
        let modified = modified.duration_since(std::time::UNIX_EPOCH).map_or(0, |it| i128::try_from(it.as_nanos()).unwrap_or(i128::MAX));
        Ok(Some(Stamp { size: metadata.len(), modified, changed: modified, number: 0 }))
    }
}

/// Returns the entries of a folder, sorted bytewise by name, so that no file system's own order gets into a result.
///
/// # Errors
/// If the folder or an entry of it can't be looked at.
pub fn read_dir_sorted(path: impl AsRef<Path>) -> Result<Vec<Entry>, Error> {
    let path = path.as_ref();
    let list = |source| Error::new("list the folder", path, source);
    let mut entries = Vec::new();
    for entry in fs::read_dir(path).map_err(list)? {
        let entry = entry.map_err(list)?;
        let kind = match entry.file_type().map_err(list)? {
            it if it.is_file() => FileKind::File,
            it if it.is_dir() => FileKind::Folder,
            // A link that leads nowhere is an entry still: whoever wants to read it gets the error.
            it if it.is_symlink() => kind(entry.path())?.unwrap_or(FileKind::Other),
            _ => FileKind::Other,
        };
        entries.push(Entry { name: entry.file_name(), path: entry.path(), kind });
    }
    entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

/// Creates a folder and those above it.
///
/// # Errors
/// If a folder can't be created, or something that is no folder is in the way.
pub fn create_dir_all(path: impl AsRef<Path>) -> Result<(), Error> {
    let path = path.as_ref();
    fs::create_dir_all(path).map_err(|source| Error::new("create the folder", path, source))
}

/// Returns the topmost folder that is missing on the way to a path, the path included; none where all of it is there.
pub fn missing(path: &Path) -> Option<&Path> {
    path.ancestors().take_while(|it| !it.as_os_str().is_empty() && !it.exists()).last()
}

/// Removes a folder if nothing is in it.
pub fn remove_if_empty(path: impl AsRef<Path>) {
    // What stands in the way is somebody's file, and a reason to leave the folder.
    let _ = fs::remove_dir(path);
}

/// Removes a file; one that is gone already is no error. A link is removed, not what it leads to.
///
/// # Errors
/// If the file is there and can't be removed.
pub fn remove(path: impl AsRef<Path>) -> Result<(), Error> {
    let path = path.as_ref();
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(Error::new("remove", path, source)),
        _ => Ok(()),
    }
}

/// Gives a file another name in the same file system, which nothing may have yet.
///
/// # Errors
/// If something has the new name, or the folders can't be written to.
pub fn rename_new(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<(), Error> {
    let (from, to) = (from.as_ref(), to.as_ref());
    match fs::symlink_metadata(to) {
        Ok(_) => return Err(Error::refused("move a file to", to, "there is something of that name")),
        Err(source) if source.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(Error::new("look at", to, source)),
    }
    fs::rename(from, to).map_err(|source| Error::new("move", from, source))
}

/// Puts bytes into a file so that at any moment the path holds either the old file, whole, or the new one, whole.
///
/// The folder must exist. An existing file's permissions are kept.
///
/// # Errors
/// If the folder can't be written to, the disk is full, or the path is a link, a folder or a device: replacing a link
/// would silently cut it off from the file that it stands for.
pub fn write_atomic(path: impl AsRef<Path>, bytes: &[u8], durability: Durability) -> Result<(), Error> {
    stage(path, bytes, durability)?.commit()
}

/// A file that lines are added to.
#[derive(Debug)]
pub struct Log {
    file: std::sync::Mutex<fs::File>,
    path: PathBuf,
}

impl Log {
    /// Opens the file, which need not be there yet.
    ///
    /// # Errors
    /// If it can't be written to.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let file = fs::File::options().create(true).append(true).open(path).map_err(|source| Error::new("write", path, source))?;
        Ok(Self { file: std::sync::Mutex::new(file), path: path.to_owned() })
    }

    /// Adds a line, whole: others may add to the same file.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn line(&self, text: &str) -> Result<(), Error> {
        let mut file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        file.write_all(format!("{text}\n").as_bytes()).map_err(|source| Error::new("write", &self.path, source))
    }
}

/// The new bytes of a file, on the disk beside the old ones. Dropped before [`Staged::commit`] they leave no trace.
#[derive(Debug)]
pub struct Staged {
    temporary: tempfile::TempPath,
    path: PathBuf,
    durability: Durability,
}

/// Does all of [`write_atomic`] but the last step, so that many files can take it together.
///
/// # Errors
/// As [`write_atomic`].
pub fn stage(path: impl AsRef<Path>, bytes: &[u8], durability: Durability) -> Result<Staged, Error> {
    let path = path.as_ref();
    let write = |source| Error::new("write", path, source);
    let permissions = match fs::symlink_metadata(path) {
        Ok(old) if old.is_symlink() => return Err(Error::refused("write", path, "it is a symbolic link; name the file that it leads to")),
        Ok(old) if old.is_file() => Some(old.permissions()),
        Ok(old) if old.is_dir() => return Err(Error::refused("write", path, "it is a folder")),
        Ok(_) => return Err(Error::refused("write", path, "it is not a regular file")),
        Err(source) if source.kind() == io::ErrorKind::NotFound => None,
        Err(source) => return Err(write(source)),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY_PREFIX).suffix(TEMPORARY_SUFFIX);
    #[cfg(unix)]
    {
        // Read and write for all, less the user's umask: as any program creates a file, where a temporary one is the owner's alone.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut temporary = builder.tempfile_in(folder_of(path)).map_err(write)?;
    temporary.write_all(bytes).map_err(write)?;
    if let Some(permissions) = permissions {
        temporary.as_file().set_permissions(permissions).map_err(write)?;
    }
    if durability == Durability::Flushed {
        temporary.as_file().sync_all().map_err(write)?;
    }
    Ok(Staged { temporary: temporary.into_temp_path(), path: path.to_owned(), durability })
}

impl Staged {
    /// Puts the new bytes in the place of the old ones.
    ///
    /// # Errors
    /// If the folder can't be written to any more.
    pub fn commit(self) -> Result<(), Error> {
        self.put(|temporary, path| temporary.persist(path))
    }

    /// The same where no file may be: who was quicker keeps his.
    ///
    /// # Errors
    /// If there is a file meanwhile, or the folder can't be written to any more.
    pub fn commit_new(self) -> Result<(), Error> {
        self.put(|temporary, path| temporary.persist_noclobber(path))
    }

    fn put(self, persist: impl FnOnce(tempfile::TempPath, &Path) -> Result<(), tempfile::PathPersistError>) -> Result<(), Error> {
        let Self { temporary, path, durability } = self;
        let write = |source| Error::new("write", &path, source);
        persist(temporary, &path).map_err(|error| write(error.error))?;
        if durability == Durability::Flushed {
            flush_folder(folder_of(&path)).map_err(write)?;
        }
        Ok(())
    }
}

/// A folder that is not there yet, made beside its place. Dropped before [`StagedFolder::commit`] it leaves no trace.
#[derive(Debug)]
pub struct StagedFolder {
    temporary: tempfile::TempDir,
    place: PathBuf,
}

impl StagedFolder {
    /// Makes the folder. The one that it belongs into must exist.
    ///
    /// # Errors
    /// If that folder can't be written to.
    pub fn new(place: impl Into<PathBuf>) -> Result<Self, Error> {
        let place = place.into();
        let mut builder = tempfile::Builder::new();
        let made = builder.prefix(TEMPORARY_PREFIX).suffix(TEMPORARY_SUFFIX).tempdir_in(folder_of(&place));
        match made {
            Ok(temporary) => Ok(Self { temporary, place }),
            Err(source) => Err(Error::new("create the folder", &place, source)),
        }
    }

    /// Where it will be.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// Where what goes into it is put meanwhile.
    pub fn path(&self) -> &Path {
        self.temporary.path()
    }

    /// Puts the folder in its place. Where somebody has made one there meanwhile, the files go into that one by one.
    ///
    /// # Errors
    /// If the folder that it belongs into can't be written to any more.
    pub fn commit(self) -> Result<(), Error> {
        // A folder without anything in it is replaced by this, too.
        if fs::rename(self.path(), &self.place).is_ok() {
            // It has moved, so that nothing is there to be removed.
            let _ = self.temporary.keep();
            return Ok(());
        }
        move_into(self.path(), &self.place)
    }
}

/// Moves the files of a folder into another, folders in it included.
fn move_into(from: &Path, to: &Path) -> Result<(), Error> {
    create_dir_all(to)?;
    for entry in read_dir_sorted(from)? {
        let place = to.join(&entry.name);
        match entry.kind {
            FileKind::Folder => move_into(&entry.path, &place)?,
            _ => fs::rename(&entry.path, &place).map_err(|source| Error::new("write", &place, source))?,
        }
    }
    Ok(())
}

/// Puts bytes into a file of a folder that nobody looks into, such as a [`StagedFolder`].
///
/// # Errors
/// If the folder can't be written to or the disk is full.
pub fn write_unseen(path: impl AsRef<Path>, bytes: &[u8]) -> Result<(), Error> {
    let path = path.as_ref();
    fs::write(path, bytes).map_err(|source| Error::new("write", path, source))
}

/// The folder that a path is in.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Removes the temporary files and folders that killed runs left in a folder, those of runs still at work excepted.
///
/// # Errors
/// If the folder can't be listed or a file not removed. A folder that isn't there has nothing to sweep.
pub fn sweep(folder: impl AsRef<Path>) -> Result<(), Error> {
    let entries = match read_dir_sorted(folder) {
        Err(error) if error.is_not_found() => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let ours = entry.name.to_str().is_some_and(|name| name.starts_with(TEMPORARY_PREFIX) && name.ends_with(TEMPORARY_SUFFIX));
        if !ours || !is_abandoned(&entry.path) {
            continue;
        }
        match entry.kind {
            FileKind::File => remove(&entry.path)?,
            FileKind::Folder => fs::remove_dir_all(&entry.path).map_err(|source| Error::new("remove", &entry.path, source))?,
            FileKind::Other => {}
        }
    }
    Ok(())
}

/// Returns the path of `relative` below `folder`, provided that it really is below: it climbs nowhere, and no folder on
/// the way is a link that leads elsewhere. The folder itself may be a link; the user named it.
///
/// # Errors
/// If the path would leave the folder, or a folder on the way can't be looked at.
pub fn within(folder: impl AsRef<Path>, relative: impl AsRef<Path>) -> Result<PathBuf, Error> {
    let (folder, relative) = (folder.as_ref(), relative.as_ref());
    let mut path = folder.to_owned();
    for component in relative.components() {
        match component {
            Component::Normal(name) => path.push(name),
            Component::CurDir => continue,
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                return Err(Error::refused("write", &folder.join(relative), "it is outside the output folder"));
            }
        }
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_symlink() => {
                return Err(Error::refused("write", &path, "it is a symbolic link, which may lead out of the output folder"));
            }
            Ok(_) => {}
            Err(source) if source.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(Error::new("look at", &path, source)),
        }
    }
    Ok(path)
}

fn kind_of(metadata: &fs::Metadata) -> FileKind {
    match metadata {
        it if it.is_file() => FileKind::File,
        it if it.is_dir() => FileKind::Folder,
        _ => FileKind::Other,
    }
}

/// Whether nobody has written to a temporary file for so long that its writer must be gone. In doubt it is not.
fn is_abandoned(path: &Path) -> bool {
    let age = fs::symlink_metadata(path).and_then(|it| it.modified()).map(|at| at.elapsed().unwrap_or_default());
    age.is_ok_and(|age| age > ABANDONED_AFTER)
}

/// Makes a rename in a folder last. Elsewhere than on Unix a folder can't be opened, and renames are journalled.
fn flush_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary folder")
    }

    fn names(folder: &Path) -> Vec<String> {
        read_dir_sorted(folder).unwrap().into_iter().map(|it| it.name.into_string().unwrap()).collect()
    }

    #[test]
    fn an_error_names_the_path_and_what_was_tried() {
        let error = read("no/such/file").unwrap_err();
        assert_eq!(error.to_string(), "can't read `no/such/file`");
        assert!(error.is_not_found());
        assert_eq!(read_if_exists("no/such/file").unwrap(), None);
    }

    #[test]
    fn text_must_be_utf8() {
        let folder = folder();
        let path = folder.path().join("a");
        write_atomic(&path, b"ab\xffc", Durability::Renamed).unwrap();
        assert_eq!(read_to_string(&path).unwrap_err().source.to_string(), "the file is not UTF-8: byte 2 is no character");
    }

    #[test]
    fn writing_replaces_whole_and_leaves_nothing_else() {
        let folder = folder();
        let path = folder.path().join("a");
        for (durability, text) in [(Durability::Flushed, "one"), (Durability::Renamed, "a longer two"), (Durability::Flushed, "")] {
            write_atomic(&path, text.as_bytes(), durability).unwrap();
            assert_eq!(read_to_string(&path).unwrap(), text);
        }
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[test]
    fn a_failed_write_keeps_the_old_file() {
        let folder = folder();
        create_dir_all(folder.path().join("sub/deep")).unwrap();
        assert_eq!(write_atomic(folder.path().join("sub"), b"x", Durability::Renamed).unwrap_err().source.to_string(), "it is a folder");
        assert!(write_atomic(folder.path().join("none/a"), b"x", Durability::Renamed).unwrap_err().is_not_found());
        assert_eq!(names(folder.path()), ["sub"]);
    }

    #[cfg(unix)]
    #[test]
    fn permissions_stay() {
        use std::os::unix::fs::PermissionsExt;
        let folder = folder();
        let path = folder.path().join("a");
        write_atomic(&path, b"1", Durability::Renamed).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o600, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        write_atomic(&path, b"2", Durability::Renamed).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed_out() {
        let (inside, outside) = (folder(), folder());
        std::os::unix::fs::symlink(outside.path(), inside.path().join("link")).unwrap();
        let error = within(inside.path(), "link/a.go").unwrap_err();
        assert_eq!(error.source.to_string(), "it is a symbolic link, which may lead out of the output folder");
        write_atomic(outside.path().join("a"), b"1", Durability::Renamed).unwrap();
        std::os::unix::fs::symlink(outside.path().join("a"), inside.path().join("b")).unwrap();
        assert!(write_atomic(inside.path().join("b"), b"2", Durability::Renamed).is_err());
        assert_eq!(read_to_string(outside.path().join("a")).unwrap(), "1");
    }

    #[test]
    fn nothing_climbs_out() {
        let folder = folder();
        for bad in ["../a", "/etc/passwd", "a/../../b"] {
            assert_eq!(within(folder.path(), bad).unwrap_err().source.to_string(), "it is outside the output folder", "{bad}");
        }
        assert_eq!(within(folder.path(), "./a/b.go").unwrap(), folder.path().join("a/b.go"));
    }

    #[test]
    fn removing_twice_is_fine_and_sweeping_spares_the_living() {
        let folder = folder();
        let left = folder.path().join(".pgx-goose-abc.tmp");
        write_atomic(&left, b"half", Durability::Renamed).unwrap();
        write_atomic(folder.path().join("a.go"), b"whole", Durability::Renamed).unwrap();
        sweep(folder.path()).unwrap();
        assert_eq!(names(folder.path()), [".pgx-goose-abc.tmp", "a.go"]);
        let long_ago = std::time::SystemTime::now() - ABANDONED_AFTER * 2;
        fs::File::options().write(true).open(&left).unwrap().set_modified(long_ago).unwrap();
        sweep(folder.path()).unwrap();
        assert_eq!(names(folder.path()), ["a.go"]);
        remove(&left).unwrap();
        sweep(folder.path().join("none")).unwrap();
    }

    #[test]
    fn a_folder_comes_as_a_whole_or_not_at_all() {
        let root = folder();
        let place = root.path().join("out");
        let made = || {
            let staged = StagedFolder::new(&place).unwrap();
            create_dir_all(staged.path().join("sub")).unwrap();
            write_unseen(staged.path().join("sub/a.go"), b"new").unwrap();
            staged
        };
        drop(made());
        assert!(names(root.path()).is_empty());
        assert_eq!(missing(&place.join("sub")), Some(place.as_path()));
        made().commit().unwrap();
        assert_eq!(names(root.path()), ["out"]);
        assert_eq!(missing(&place.join("sub")), None);
        assert_eq!(read_to_string(place.join("sub/a.go")).unwrap(), "new");
    }

    #[test]
    fn a_folder_that_came_meanwhile_keeps_what_it_has() {
        let root = folder();
        let place = root.path().join("out");
        let staged = StagedFolder::new(&place).unwrap();
        create_dir_all(staged.path().join("sub")).unwrap();
        write_unseen(staged.path().join("sub/a.go"), b"new").unwrap();
        create_dir_all(place.join("sub")).unwrap();
        write_atomic(place.join("sub/b.go"), b"mine", Durability::Renamed).unwrap();
        staged.commit().unwrap();
        assert_eq!(names(root.path()), ["out"]);
        assert_eq!(names(&place.join("sub")), ["a.go", "b.go"]);
    }

    #[test]
    fn abandoned_folders_are_swept() {
        let root = folder();
        let left = root.path().join(".pgx-goose-abc.tmp");
        create_dir_all(left.join("sub")).unwrap();
        sweep(root.path()).unwrap();
        assert_eq!(names(root.path()), [".pgx-goose-abc.tmp"]);
        let long_ago = std::time::SystemTime::now() - ABANDONED_AFTER * 2;
        fs::File::open(&left).unwrap().set_modified(long_ago).unwrap();
        sweep(root.path()).unwrap();
        assert!(names(root.path()).is_empty());
    }

    #[test]
    fn kinds() {
        let folder = folder();
        assert_eq!(kind(folder.path()).unwrap(), Some(FileKind::Folder));
        assert_eq!(kind(folder.path().join("none")).unwrap(), None);
        write_atomic(folder.path().join("a"), b"", Durability::Renamed).unwrap();
        assert_eq!(kind(folder.path().join("a")).unwrap(), Some(FileKind::File));
        assert_eq!(kind(folder.path().join("a/b")).unwrap(), None);
    }
}
