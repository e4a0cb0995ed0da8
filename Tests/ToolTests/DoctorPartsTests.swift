import DMIO
import Testing

@testable import dmio_cli

/// The parts of the doctor that only compute, with what not every machine has.
@Suite struct DoctorPartsTests {
  @Test(
    "a name is one word of a shell",
    arguments: [
      ("/dev/sdb", "/dev/sdb"), ("a b", "'a b'"), ("it's", #"'it'\''s'"#), ("-f", "./-f"), ("", "''"), ("$x", "'$x'"),
      ("é", "'é'"), ("a\u{1B}'", #"$'a\x1B\x27'"#), ("a\u{202E}", #"$'a\xE2\x80\xAE'"#),
    ]) func words(name: String, word: String)
  {
    #expect(ShellWord.quoted(Array(name.utf8)) == word)
  }

  @Test("a line of mountinfo is read, with any number of optional fields and blanks in names") func mounts() throws {
    let line = #"36 35 98:0 /mnt1 /mnt\0402 rw,noatime master:1 shared:2 - ext3 /dev/root\134x rw,errors=continue"#
    let mount = try #require(Mount(line: Array(line.utf8)))
    #expect(mount.id == 36 && mount.point == Array("/mnt 2".utf8) && mount.source == Array(#"/dev/root\x"#.utf8))
    #expect(mount.kind == "ext3" && mount.number.major == 98 && mount.number.minor == 0)
    #expect(Mount(line: Array("36 35 98:0 /mnt1 /mnt2 rw - ext3 x rw".utf8)) != nil)
    for line in ["", "36", "36 35 98 / / rw - ext3 x rw", "36 35 98:0 / / rw shared:1 ext3 x rw"] {
      #expect(Mount(line: Array(line.utf8)) == nil, "\(line)")
    }
  }

  @Test("a device's number survives the way there and back") func numbers() {
    for (major, minor) in [(8, 1), (259, 300), (4095, 1_048_575), (7, 0)] {
      let number = DeviceNumber(Array("\(major):\(minor)".utf8))
      #expect(number.map { DeviceNumber($0.special) } == number && number?.major == UInt64(major))
    }
    for text in ["", "8", "8:", "8:1:2", "a:b"] { #expect(DeviceNumber(Array(text.utf8)) == nil) }
  }

  @Test(
    "a holder goes by the tool that made it",
    arguments: [
      ("CRYPT-LUKS2-1-x", "cryptsetup close 'a b'"), ("LVM-xyz", "lvchange -an /dev/mapper/'a b'"),
      ("mpath-3600", "multipath -f 'a b'"), ("", "dmsetup remove 'a b'"),
    ]) func mapped(uuid: String, fix: String)
  {
    let how = Use.How.mapped(path: Array("/dev/dm-0".utf8), name: Array("a b".utf8), uuid: uuid)
    let finding = Finding(Use(subject: "it", path: Array("/dev/sdb".utf8), how: how))
    #expect(finding.fix == fix && finding.message == "/dev/dm-0 (a b) of the device mapper holds it")
  }

  @Test("arrays are stopped, swap is switched off, and the root stays mounted") func otherHolders() {
    func fix(_ how: Use.How) -> String? { Finding(Use(subject: "it", path: Array("/dev/sdb".utf8), how: how)).fix }
    #expect(fix(.held(path: Array("/dev/md0".utf8))) == "mdadm --stop /dev/md0")
    #expect(fix(.held(path: Array("/dev/bcache0".utf8))) == nil)
    #expect(fix(.swap) == "swapoff /dev/sdb")
    #expect(fix(.mounted(at: Array("/".utf8))) == nil)
    #expect(fix(.mounted(at: Array("/mnt".utf8))) == "umount /mnt")
  }

  @Test("who forbids io_uring decides what would allow it") func ring() {
    let limits = MemoryLimits(soft: 1, hard: nil)
    func fix(_ errno: DMIO.Errno, _ setting: Int?) -> String? {
      EngineCheckup.finding(errno, setting: setting, limits).fix
    }
    for setting in [1, 2] { #expect(fix(.EPERM, setting) == "sysctl -w kernel.io_uring_disabled=0") }
    for setting in [0, nil] { #expect(fix(.EPERM, setting)?.contains("seccomp=unconfined") == true) }
    #expect(fix(.ENOSYS, 0)?.contains("seccomp=unconfined") == true)
    #expect(fix(.ENOMEM, 0) == "ulimit -l unlimited" && fix(.EMFILE, 0) == nil)
  }

  @Test("a limit that the process may raise itself is raised by the shell") func raising() {
    #expect(MemoryLimits(soft: 1, hard: nil).raising == "ulimit -l unlimited")
    #expect(MemoryLimits(soft: 1, hard: 1 << 23).raising == "sudo prlimit --pid $$ --memlock=unlimited:unlimited")
  }
}
