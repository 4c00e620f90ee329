import Maintenance

/// One mounted file system.
public struct Mount: Hashable, Sendable {
    /// Where it is mounted.
    public let point: String
    /// What is mounted: a device, `server:/path`.
    public let source: String
    public let type: String
    public let isReadOnly: Bool
    /// Major and minor number: two mounts of one file system share it.
    let device: String
}

/// The mounts as /proc/self/mountinfo lists them.
struct MountTable: Sendable {
    /// In the order of mounting; of several at one point only the last, which hides the others.
    let mounts: [Mount]

    init(_ text: String) {
        var mounts: [Mount] = []
        for line in text.split(separator: "\n") {
            guard let mount = Self.mount(line) else { continue }
            mounts.removeAll { $0.point == mount.point }
            mounts.append(mount)
        }
        self.mounts = mounts
    }

    /// What holds data that can fill up. Left out are, in this order:
    ///
    /// 1. file systems that the kernel makes up (`proc`, `sysfs`, `cgroup` …), those in memory (`tmpfs`, `ramfs`) and
    ///    the points of the automounter, which a look would mount;
    /// 2. images that are always full because nobody can write to them (`squashfs`, `iso9660`, `erofs` …);
    /// 3. layers of containers (`overlay`, `aufs`) other than `/`: they lie on a file system that is listed itself;
    /// 4. the same file system at another point (bind mounts, subvolumes): it is listed once, at its shortest point.
    var real: [Mount] {
        let candidates = mounts.filter { mount in
            !Self.madeUp.contains(mount.type) && !Self.images.contains(mount.type)
                && (!Self.layers.contains(mount.type) || mount.point == "/")
        }
        var chosen: [String: Mount] = [:]
        for mount in candidates {
            // A btrfs or zfs gives each subvolume a device number of its own; its source tells that they are one.
            let key = mount.type == "btrfs" ? "btrfs \(mount.source)" : mount.device
            if let other = chosen[key], (other.point.count, other.point) <= (mount.point.count, mount.point) {
                continue
            }
            chosen[key] = mount
        }
        return chosen.values.sorted { $0.point < $1.point }
    }

    private static let madeUp: Set<String> = [
        "autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs", "efivarfs",
        "fuse.gvfsd-fuse", "fuse.lxcfs", "fuse.portal", "fuse.snapfuse", "fusectl", "hugetlbfs", "mqueue", "nsfs",
        "proc",
        "pstore", "ramfs", "rpc_pipefs", "securityfs", "selinuxfs", "smackfs", "sysfs", "tmpfs", "tracefs",
    ]
    private static let images: Set<String> = ["cramfs", "erofs", "iso9660", "romfs", "squashfs", "udf"]
    private static let layers: Set<String> = ["aufs", "fuse.fuse-overlayfs", "overlay"]

    /// `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`: after the sixth field stand
    /// any number of optional ones, up to a lone hyphen.
    private static func mount(_ line: Substring) -> Mount? {
        let fields = line.split(separator: " ")
        guard fields.count >= 9, let hyphen = fields[6...].firstIndex(of: "-"), fields.count > hyphen + 2 else {
            return nil
        }
        let options =
            fields[5].split(separator: ",")
            + (fields.count > hyphen + 3 ? fields[hyphen + 3].split(separator: ",") : [])
        return Mount(
            point: unescaped(fields[4]), source: unescaped(fields[hyphen + 2]), type: String(fields[hyphen + 1]),
            isReadOnly: options.contains("ro"), device: String(fields[2]))
    }

    /// Space, tab, line feed and backslash stand as three octal figures after a backslash.
    private static func unescaped(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), let code = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8),
                rest.count >= 3
            {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
