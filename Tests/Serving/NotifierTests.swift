import Glibc
import Host
import Testing

@testable import Serving

@Suite struct NotifierTests {
    /// A socket as the service manager has it; the body gets its descriptor.
    private func withSocket(_ name: String, _ body: (Int32) throws -> Void) throws {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(name.utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { target in
            target.copyBytes(from: bytes)
            if name.hasPrefix("@") { target[0] = 0 }
        }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count + (name.hasPrefix("@") ? 0 : 1))
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        try #require(bound == 0)
        defer { if !name.hasPrefix("@") { unlink(name) } }
        try body(descriptor)
    }

    private func next(_ descriptor: Int32) -> String? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
    }

    private func host(_ environment: [String: String]) -> Host {
        var host = Host.system
        host.environment = { environment[$0] }
        return host
    }

    @Test func theManagerHearsEachWord() throws {
        for name in ["/tmp/millwright-notify-\(getpid())", "@millwright-notify-\(getpid())"] {
            try withSocket(name) { descriptor in
                let notifier = ServiceNotifier(host: host(["NOTIFY_SOCKET": name]))
                notifier.ready("3 plans")
                #expect(next(descriptor) == "READY=1\nSTATUS=3 plans")
                notifier.alive()
                #expect(next(descriptor) == "WATCHDOG=1")
                notifier.stopping()
                #expect(next(descriptor) == "STOPPING=1")
                #expect(next(descriptor) == nil)
            }
        }
    }

    @Test func whatNobodyHearsIsNoError() {
        ServiceNotifier(host: host([:])).ready("")
        ServiceNotifier(host: host(["NOTIFY_SOCKET": "/no/such/socket"])).ready("")
        ServiceNotifier(host: host(["NOTIFY_SOCKET": String(repeating: "x", count: 300)])).ready("")
    }

    @Test func theWatchdogIsMeantForThisProcess() {
        #expect(ServiceNotifier(host: host(["WATCHDOG_USEC": "4000000"])).watchdog == .seconds(4))
        let other = ["WATCHDOG_USEC": "4000000", "WATCHDOG_PID": "1"]
        #expect(ServiceNotifier(host: host(other)).watchdog == nil)
        #expect(ServiceNotifier(host: host(["WATCHDOG_USEC": "0"])).watchdog == nil)
        #expect(ServiceNotifier(host: host([:])).watchdog == nil)
    }
}
