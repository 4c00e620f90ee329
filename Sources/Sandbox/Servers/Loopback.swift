import Foundation
import Host
import Synchronization

/// The few socket calls of the stand-ins, on 127.0.0.1 only.
enum Loopback {
    static func makeSocket() throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failure("socket") }
        return descriptor
    }

    /// Binds and says the port; 0 asks for a free one.
    static func bind(_ descriptor: Int32, port: Int) throws -> Int {
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = address(port)
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard bound == 0 else { throw failure("bind") }
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// Listens, and hands over each client on a thread of its own, until the listener is shut down; then closes it.
    static func listen(_ listener: Int32, serve: @escaping @Sendable (Int32) -> Bool) {
        // A client that left before accept() must not make it wait: it holds the gate.
        _ = fcntl(listener, F_SETFL, O_NONBLOCK)
        Foundation.listen(listener, 128)
        Thread.detachNewThread {
            while let client = accept(listener), serve(client) {}
            close(listener)
        }
    }

    private static func accept(_ listener: Int32) -> Int32? {
        while true {
            var polled = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
            if poll(&polled, 1, -1) < 0, errno == EINTR { continue }
            let client = ChildProcess.gate.withLock { _ in
                let client = Foundation.accept(listener, nil, nil)
                if client >= 0 { _ = fcntl(client, F_SETFD, FD_CLOEXEC) }
                return client
            }
            if client >= 0 { return client }
            guard errno == EINTR || errno == ECONNABORTED || errno == EAGAIN else { return nil }
        }
    }

    /// Connects; `nil` when nobody listens there.
    static func connect(port: Int) -> Int32? {
        guard let descriptor = try? makeSocket() else { return nil }
        var address = address(port)
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else {
            close(descriptor)
            return nil
        }
        prompt(descriptor)
        return descriptor
    }

    /// Small writes go out at once.
    static func prompt(_ descriptor: Int32) {
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Makes the next `close` a reset instead of an orderly end.
    static func resetAtClose(_ descriptor: Int32) {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
    }

    /// `false` when the other side is gone.
    static func sendAll(_ descriptor: Int32, _ bytes: some Sequence<UInt8>) -> Bool {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if sent < 0, errno == EINTR { continue }
            guard sent > 0 else { return false }
            rest = rest.dropFirst(sent)
        }
        return true
    }

    /// Up to `limit` bytes; empty at the end of the stream or when the connection is gone.
    static func receive(_ descriptor: Int32, limit: Int = 65_536) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            var received = recv(descriptor, buffer.baseAddress, limit, 0)
            while received < 0, errno == EINTR { received = recv(descriptor, buffer.baseAddress, limit, 0) }
            count = max(0, received)
        }
    }

    private static func address(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    private static func failure(_ call: String) -> ProgramError {
        ProgramError(program: call, reason: String(cString: strerror(errno)))
    }
}
