import Glibc

/// The folder that relative paths start in. In a file of its own: Glibc and SystemPackage share names.
let currentFolder = AT_FDCWD
