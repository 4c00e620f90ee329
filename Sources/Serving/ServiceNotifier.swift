import Glibc
public import Host

/// Word to systemd, as sd_notify(3) has it: ready, reloading, stopping, alive. Without NOTIFY_SOCKET nobody listens.
public struct ServiceNotifier: Sendable {
    private let path: String?
    /// How often it wants to hear that all is well; `nil` where it does not watch.
    public let watchdog: Duration?

    public init(host: Host) {
        path = host.environment("NOTIFY_SOCKET")
        let isMeant = host.environment("WATCHDOG_PID").map { $0 == String(getpid()) } ?? true
        let microseconds = host.environment("WATCHDOG_USEC").flatMap { Int64($0) }
        watchdog = isMeant ? microseconds.flatMap { $0 > 0 ? .microseconds($0) : nil } : nil
    }

    public func ready(_ status: String) { send("READY=1\nSTATUS=\(status)") }
    public func status(_ status: String) { send("STATUS=\(status)") }
    public func stopping() { send("STOPPING=1") }
    public func alive() { send("WATCHDOG=1") }

    /// A datagram; what is not heard is lost, which the manager notices by itself.
    private func send(_ text: String) {
        guard let path, var address = Self.address(path) else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.utf8.count + (path.hasPrefix("@") ? 0 : 1))
        let bytes = Array(text.utf8)
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, length)
            }
        }
    }

    /// `@` stands for the first byte of an abstract name.
    private static func address(_ path: String) -> sockaddr_un? {
        var address = sockaddr_un()
        let name = Array(path.utf8)
        guard !name.isEmpty, name.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { target in
            target.copyBytes(from: name)
            if name[0] == UInt8(ascii: "@") { target[0] = 0 }
        }
        return address
    }
}
