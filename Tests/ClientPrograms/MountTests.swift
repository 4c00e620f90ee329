import Glibc
import Host
import Maintenance
import Sandbox
import Synchronization
import Testing

@testable import ClientPrograms

extension OneAfterTheOther {
    struct MountTests {
        static let table = """
            22 27 0:21 / /proc rw,relatime - proc proc rw
            27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro
            28 27 254:0 /srv /exports/srv rw,relatime shared:1 master:3 - ext4 /dev/vda1 rw
            29 27 254:16 / /var/lib/my\\040data rw - xfs /dev/vdb rw
            30 27 7:1 / /snap/core/1 ro - squashfs /dev/loop1 ro
            31 27 0:40 / /var/lib/docker/overlay2/ab/merged rw - overlay overlay rw,lowerdir=a
            32 27 0:41 / /mnt/nfs rw - nfs4 filer:/export ro,vers=4.2
            33 27 0:42 /@home /home rw - btrfs /dev/vdc rw
            34 27 0:43 /@var /var rw - btrfs /dev/vdc rw
            35 27 0:44 / /run rw - tmpfs tmpfs rw
            36 27 0:45 / /net rw - autofs systemd-1 rw
            37 27 254:48 / /data rw - ext4 /dev/old rw
            38 37 254:64 / /data rw - ext4 /dev/new rw
            39 27 11:0 / /media/cd ro - iso9660 /dev/sr0 ro
            broken line
            40 27 0:46
            """

        @Test func whatIsReal() {
            let real = MountTable(Self.table).real
            #expect(real.map(\.point) == ["/", "/data", "/mnt/nfs", "/var", "/var/lib/my data"])
            #expect(real.first { $0.point == "/data" }?.source == "/dev/new")
            #expect(real.first { $0.point == "/mnt/nfs" }?.isReadOnly == true)
            #expect(real.first { $0.point == "/" }?.isReadOnly == false)
        }

        @Test func theRootOfAContainerIsItsOverlay() {
            let text = """
                100 1 0:50 / / rw - overlay overlay rw,lowerdir=x
                101 100 254:1 /kubelet/hosts /etc/hosts rw - ext4 /dev/sda1 rw
                102 100 254:1 /claim /var/lib/app/data rw - ext4 /dev/sda1 rw
                """
            #expect(MountTable(text).real.map(\.point) == ["/", "/etc/hosts"])
        }

        /// The table is the given one, file systems answer as `answer` says.
        private func machine(
            _ table: String, _ answer: @escaping @Sendable (String) throws -> FileSystemUse
        ) -> (Machine, HostClient) {
            var host = Host.system
            host.readFile = { path, limit in
                path == "/proc/self/mountinfo" ? Array(table.utf8) : try Host.system.readFile(path, limit)
            }
            let machine = Machine(host: host)
            return (machine, HostClient(host: host, askFileSystem: answer))
        }

        private static let half = FileSystemUse(total: 100, free: 50, available: 50, inodes: 10, freeInodes: 5)

        @Test func whatHangsIsLeftBehind() async throws {
            let asked = Mutex<[String: Int]>([:])
            let release = DispatchGate()
            let (machine, client) = machine(Self.table) { point in
                asked.withLock { $0[point, default: 0] += 1 }
                if point == "/mnt/nfs" { release.wait() }
                return Self.half
            }
            defer { release.open() }
            for _ in 0..<2 {
                let started = ContinuousClock.now
                let looks = try await machine.access(patience: .seconds(3), for: .look, client: client).mounts()
                #expect(ContinuousClock.now - started < .seconds(8))
                #expect(looks.count == 5)
                for look in looks where look.point != "/mnt/nfs" { #expect(try look.result.get() == Self.half) }
                let hung = looks.first { $0.point == "/mnt/nfs" }
                #expect(throws: CouldNotLook.self) { try hung?.result.get() }
            }
            // The second look did not spend another thread on it.
            #expect(asked.withLock { $0["/mnt/nfs"] } == 1 && asked.withLock { $0["/"] } == 2)
        }

        @Test func twoLooksAtOnceBothSee() async throws {
            let asked = Mutex(0)
            let release = DispatchGate()
            let (machine, client) = machine(Self.table) { _ in
                asked.withLock { $0 += 1 }
                release.wait()
                return Self.half
            }
            defer { release.open() }
            async let first = machine.access(for: .look, client: client).mounts(["/"])
            #expect(try await eventually { asked.withLock { $0 } == 1 })
            async let second = machine.access(for: .look, client: client).mounts(["/"])
            #expect(try await eventually { asked.withLock { $0 } == 2 })
            release.open()
            for look in try await first + second { #expect(try look.result.get() == Self.half) }
        }

        @Test func aHangingFileSystemDoesNotHoldCancellationUp() async throws {
            let release = DispatchGate()
            let (machine, client) = machine(Self.table) { _ in
                release.wait()
                return Self.half
            }
            defer { release.open() }
            let task = Task {
                try await machine.access(patience: .seconds(60), for: .look, client: client).mounts(["/"])
            }
            try await Task.sleep(for: .milliseconds(50))
            let started = ContinuousClock.now
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(ContinuousClock.now - started < .seconds(5))
        }

        @Test func namedPointsMustBeMounted() async throws {
            let (machine, client) = machine(Self.table) { point in
                if point == "/" { throw CouldNotLook(.noPermission, "no") }
                return Self.half
            }
            let looks = try await machine.access(for: .look, client: client).mounts([
                "/data/", "/var/lib", "/", "/nowhere",
            ])
            #expect(looks.map(\.point) == ["/data/", "/var/lib", "/", "/nowhere"])
            #expect(try looks[0].result.get() == Self.half)
            for (index, code) in [(1, Cause.Code.notFound), (2, .noPermission), (3, .notFound)] {
                #expect(throws: CouldNotLook.self) { try looks[index].result.get() }
                if case .failure(let error) = looks[index].result { #expect(error.cause.code == code) }
            }
        }

        @Test func theMachineItself() async throws {
            let machine = Machine()
            let looks = try await machine.access(for: .look).mounts()
            let root = try #require(looks.first { $0.point == "/" })
            let use = try root.result.get()
            #expect(use.total > 0 && use.usedPercent > 0 && use.usedPercent < 100)
            #expect(machine.evidence.drain().map(\.statement).contains("statvfs /"))
        }

        @Test func usedAsDfComputesIt() {
            let use = FileSystemUse(total: 100, free: 15, available: 10, inodes: 0, freeInodes: 0)
            #expect(abs(use.usedPercent - 100 * 85.0 / 95) < 1e-9)
            #expect(use.inodesPercent == nil)
            #expect(FileSystemUse(total: 0, free: 0, available: 0, inodes: 0, freeInodes: 0).usedPercent == 0)
        }
    }
}

/// Blocks threads until it is opened, as a file system does whose server is gone.
final class DispatchGate: Sendable {
    private let isOpen = Mutex(false)

    func wait() { while !isOpen.withLock({ $0 }) { usleep(5000) } }
    func open() { isOpen.withLock { $0 = true } }
}
