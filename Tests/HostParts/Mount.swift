import Glibc

/// A mounted file system, gone with its last holder.
package final class Mount {
  /// Where it is mounted.
  package let path: String
  private var isMounted = true

  /// Mounts a file system of a kind; `options` are those of `mount -o`.
  package init(_ kind: String, of source: String, options: String = "noatime") throws {
    path = Host.newPath("mount")
    mkdir(path, 0o700)
    let mounted = Host.run("mount", "-t", kind, "-o", options, source, path)
    guard mounted.status == 0 else {
      rmdir(path)
      throw HostError(mounted, "mount -t \(kind)")
    }
  }

  deinit { try? end() }

  /// Unmounts it.
  package func end() throws {
    guard isMounted else { return }
    guard umount2(path, Int32(MNT_DETACH)) == 0 else { throw HostError(what: "umount \(path)", errno: errno) }
    isMounted = false
    rmdir(path)
  }
}
