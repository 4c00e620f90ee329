import CLibPQ
import Glibc
import Host
import Maintenance

/// One connection of libpq, used by its own thread only. Every wait watches the socket and the thread's wake-up pipe.
final class Wire {
    private let wakeup: Int32
    private(set) var connection: OpaquePointer?
    private(set) var settings: ConnectionSettings?
    private let notices = NoticeLog()
    /// Names of the statements that the connection keeps prepared, by their texts.
    var prepared: [String: String] = [:]
    /// Never back: of statements that are prepared together those before one that is refused stay prepared.
    var preparedNames = 0
    /// The `statement_timeout` of the session, in milliseconds, where it has one.
    var grantedMilliseconds = 0
    /// What the connection leads to; looked at once, right after connecting.
    var server: ServerDescription?

    init(wakeup: Int32) { self.wakeup = wakeup }

    var identity: String { settings?.identity ?? "postgresql" }

    /// True while the server still works on something, or a transaction is open.
    var isBusy: Bool { connection.map { PQtransactionStatus($0) != PQTRANS_IDLE } ?? false }

    func adopt(_ connection: OpaquePointer, _ settings: ConnectionSettings) {
        self.connection = connection
        self.settings = settings
        server = nil
        prepared = [:]
        PQsetnonblocking(connection, 1)
        // libpq reads on while there is more; with little waiting at a time it comes back to be asked whether to go on.
        var size = Int32(PostgreSQLLimits.receiveBuffer)
        setsockopt(PQsocket(connection), SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        PQsetNoticeReceiver(
            connection,
            { argument, result in
                guard let argument, let result else { return }
                Unmanaged<NoticeLog>.fromOpaque(argument).takeUnretainedValue().append(result)
            }, Unmanaged.passUnretained(notices).toOpaque())
    }

    func takeNotices() -> [ServerNotice] { notices.take() }

    func disconnect() {
        if let connection { PQfinish(connection) }
        connection = nil
        server = nil
    }

    /// After a job: what is still going on there is ended, by the server where it answers, else by hanging up. Who did not
    /// answer until the job's deadline is not asked: a server that hangs keeps the request that cancels for ever, and one
    /// that lives ends the statement by its own timeout, which is earlier.
    func settle(_ steady: @escaping @Sendable () -> Duration, after deadline: Duration) {
        guard let connection, isBusy else { return }
        guard steady() < deadline else { return disconnect() }
        let bounds = CallBounds(
            deadline: steady() + PostgreSQLLimits.settling, steady: steady, isAbandoned: { false })
        if PQtransactionStatus(connection) == PQTRANS_ACTIVE, let request = PQgetCancel(connection) {
            var message = [CChar](repeating: 0, count: 256)
            PQcancel(request, &message, 256)
            PQfreeCancel(request)
            // Until the server has said that it stopped: what follows on the target must not meet this statement.
            try? drain(connection, bounds)
        }
        disconnect()
    }

    private func drain(_ connection: OpaquePointer, _ bounds: CallBounds) throws {
        let start = receivedBytes(connection)
        while PQtransactionStatus(connection) == PQTRANS_ACTIVE {
            while PQisBusy(connection) == 1 {
                try wait(for: POLLIN, bounds)
                guard receivedBytes(connection) - start < PostgreSQLLimits.drainedBytes,
                    PQconsumeInput(connection) == 1
                else { return }
            }
            guard let result = PQgetResult(connection) else {
                // Between two statements of a pipeline there is an empty result; after the last one there is none.
                if PQpipelineStatus(connection) == PQ_PIPELINE_OFF { return }
                continue
            }
            let status = PQresultStatus(result)
            PQclear(result)
            if [PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH, PGRES_PIPELINE_SYNC].contains(status) { return }
        }
    }

    /// How many bytes the connection has brought since it was opened, as Linux counts them: `tcpi_bytes_received`, at
    /// byte 128 of its `tcp_info`. A local socket is not counted; its server is on this machine.
    func receivedBytes(_ connection: OpaquePointer) -> Int {
        var information = [UInt64](repeating: 0, count: 32)
        var size = socklen_t(256)
        let isCounted = getsockopt(PQsocket(connection), Int32(IPPROTO_TCP), TCP_INFO, &information, &size) == 0
        return isCounted && size >= 136 ? Int(clamping: information[16]) : 0
    }

    /// Waits until the socket is ready, the deadline passes or the caller has gone.
    func wait(for events: Int32, _ bounds: CallBounds) throws(Interruption) {
        guard let connection else { return }
        try wait(for: events, on: PQsocket(connection), bounds)
    }

    func wait(for events: Int32, on socket: Int32, _ bounds: CallBounds) throws(Interruption) {
        while true {
            if bounds.isAbandoned() { throw .abandoned }
            let milliseconds = bounds.milliseconds
            guard milliseconds > 0 else { throw .deadline }
            var watched = [
                pollfd(fd: socket, events: Int16(events), revents: 0),
                pollfd(fd: wakeup, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&watched, 2, milliseconds) > 0 else { continue }
            if watched[1].revents != 0 { emptyWakeups() }
            if watched[0].revents != 0 { return }
        }
    }

    /// Waits for the next job.
    func rest() {
        var watched = pollfd(fd: wakeup, events: Int16(POLLIN), revents: 0)
        poll(&watched, 1, -1)
        emptyWakeups()
    }

    private func emptyWakeups() {
        var bytes = [UInt8](repeating: 0, count: 64)
        while read(wakeup, &bytes, bytes.count) > 0 {}
    }
}

/// Collects the server's remarks. libpq hands them over on the connection's own thread.
private final class NoticeLog {
    private var notices: [ServerNotice] = []

    func append(_ result: OpaquePointer) {
        guard notices.count < PostgreSQLLimits.notices else { return }
        notices.append(
            ServerNotice(
                severity: diagnostic(result, DiagnosticField.severity) ?? "NOTICE",
                state: diagnostic(result, DiagnosticField.state) ?? "",
                message: diagnostic(result, DiagnosticField.message) ?? ""))
    }

    func take() -> [ServerNotice] {
        defer { notices = [] }
        return notices
    }
}

/// The fields of an error or notice, by the protocol's letters.
enum DiagnosticField: String {
    case severity = "V"
    case state = "C"
    case message = "M"
    case schema = "s"
    case table = "t"
    case column = "c"
    case constraint = "n"
    case function = "R"
}

func diagnostic(_ result: OpaquePointer, _ field: DiagnosticField) -> String? {
    guard let letter = field.rawValue.utf8.first else { return nil }
    return PQresultErrorField(result, Int32(letter)).map { String(cString: $0) }
}
