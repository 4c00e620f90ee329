import Host
import Synchronization

/// Why a container's log cannot be read.
public enum LogFault: Sendable {
    /// The node refuses the connection: 500.
    case nodeRefuses
    /// The file is gone. The API answers 200 with an apology for a log, as the real one does.
    case fileGone
}

/// What the nodes keep of the containers' output.
final class LogBook: Sendable {
    private struct State {
        var logs: [ContainerInstance: ContainerLog] = [:]
        /// By the pod's uid.
        var faults: [String: LogFault] = [:]
    }

    private let state = Mutex(State())

    func begin(_ instance: ContainerInstance, _ generated: GeneratedLog?) {
        state.withLock { state in
            if state.logs[instance] == nil { state.logs[instance] = ContainerLog(generated: generated) }
        }
    }

    func write(_ lines: [LogLine], to instance: ContainerInstance) {
        state.withLock { $0.logs[instance, default: ContainerLog()].write(lines) }
    }

    /// Takes back everything that was written besides what is generated.
    func unwrite(pod: String) {
        state.withLock { state in
            for key in state.logs.keys where key.pod == pod { state.logs[key]?.written = [] }
        }
    }

    func end(_ instance: ContainerInstance, at instant: Instant) {
        state.withLock { $0.logs[instance]?.end = instant }
    }

    /// Every line before `instant` is gone, in every instance of the pod's container.
    func rotate(pod: String, container: String, keepingFrom instant: Instant?) {
        state.withLock { state in
            for key in state.logs.keys where key.pod == pod && key.container == container {
                state.logs[key]?.keptFrom = instant
            }
        }
    }

    func setFault(_ fault: LogFault?, pod: String) { state.withLock { $0.faults[pod] = fault } }

    func fault(pod: String) -> LogFault? { state.withLock { $0.faults[pod] } }

    func log(_ instance: ContainerInstance) -> ContainerLog? { state.withLock { $0.logs[instance] } }

    /// The node keeps the last two instances of a container only.
    func forget(_ container: ContainerInstance) {
        state.withLock { $0.logs[container] = nil }
    }

    func forget(pod: String) {
        state.withLock { state in
            state.logs = state.logs.filter { $0.key.pod != pod }
            state.faults[pod] = nil
        }
    }
}

/// Reads one container's log from a place on.
public struct LogCursor: Sendable {
    private let book: LogBook
    private let instance: ContainerInstance
    private let now: @Sendable () -> Instant
    private let timestamps: Bool
    private let follow: Bool
    private var position: LogPosition
    private var rest: ArraySlice<UInt8> = []
    private var left: Int?

    init(
        _ request: LogRequest, of instance: ContainerInstance, in book: LogBook, now: @escaping @Sendable () -> Instant
    ) {
        self.book = book
        self.instance = instance
        self.now = now
        timestamps = request.timestamps
        follow = request.follow
        left = request.limitBytes
        let log = book.log(instance) ?? ContainerLog()
        position = LogPosition(in: log, since: request.since)
        if let tail = request.tailLines { skip(toLast: tail, of: log) }
    }

    /// A text that stands where a log should be.
    init(apology: String, in book: LogBook) {
        self.book = book
        instance = ContainerInstance(pod: "", container: "", restart: 0)
        now = { Instant(secondsSinceEpoch: 0) }
        timestamps = false
        follow = false
        position = LogPosition(in: ContainerLog(), since: nil)
        rest = Array(apology.utf8)[...]
    }

    /// The next bytes that there are, some `size` of them; none where there is nothing more for now.
    public mutating func read(_ size: Int = 65_536) -> [UInt8] {
        var bytes: [UInt8] = []
        let log = book.log(instance) ?? ContainerLog()
        let moment = now()
        while bytes.count < size, left != 0 {
            if rest.isEmpty {
                guard let line = position.next(in: log, before: moment) else { break }
                rest = (timestamps ? Array("\(line.at.nanoTimestamp) ".utf8) + line.text : line.text)[...]
                rest.append(UInt8(ascii: "\n"))
            }
            let part = rest.prefix(min(size - bytes.count, left ?? .max))
            bytes += part
            rest = rest.dropFirst(part.count)
            left = left.map { $0 - part.count }
        }
        return bytes
    }

    /// More may come: the reader follows, and the container still runs.
    public var isOpen: Bool { follow && left != 0 && book.log(instance).map { $0.end == nil } ?? false }

    private mutating func skip(toLast count: Int, of log: ContainerLog) {
        let moment = now()
        var ahead = position
        var lines = 0
        while ahead.next(in: log, before: moment) != nil { lines += 1 }
        for _ in 0..<max(0, lines - count) { _ = position.next(in: log, before: moment) }
    }
}

extension Instant {
    /// RFC 3339 with nine digits, as the container runtime stamps lines.
    var nanoTimestamp: String { microTimestamp.dropLast() + "000Z" }
}
