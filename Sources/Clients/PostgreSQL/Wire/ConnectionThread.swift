import Glibc
import Maintenance
import Synchronization

/// A thread that owns one connection and does one job after the other on it: the client library may block there, and
/// nowhere else.
final class ConnectionThread: Sendable {
    typealias Job = @Sendable (Wire) -> Void

    private let jobs: JobQueue

    init() throws(CouldNotLook) {
        guard let jobs = JobQueue() else {
            throw CouldNotLook(.limitReached, "No file descriptors are left for a connection to PostgreSQL.")
        }
        self.jobs = jobs
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(jobs)
        let failure = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<JobQueue>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, argument.toOpaque())
        guard failure == 0 else {
            argument.release()
            throw CouldNotLook(.limitReached, "No thread could be started for a connection to PostgreSQL.")
        }
        pthread_detach(thread)
    }

    deinit { jobs.end() }

    func enqueue(_ job: @escaping Job) { jobs.append(job) }

    /// Makes a job that waits look whether its caller still waits.
    func wake() { jobs.wake() }
}

/// The thread's side: it lives until the thread has ended.
private final class JobQueue: Sendable {
    private struct State {
        var jobs: [ConnectionThread.Job] = []
        var isEnded = false
    }

    private let state = Mutex(State())
    private let reading: Int32
    private let writing: Int32

    init?() {
        var ends: [Int32] = [-1, -1]
        let type = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        guard socketpair(AF_UNIX, Int32(type), 0, &ends) == 0 else { return nil }
        reading = ends[0]
        writing = ends[1]
    }

    deinit {
        close(reading)
        close(writing)
    }

    func append(_ job: @escaping ConnectionThread.Job) {
        state.withLock { $0.jobs.append(job) }
        wake()
    }

    func end() {
        state.withLock { $0.isEnded = true }
        wake()
    }

    func wake() {
        // A full one wakes as well, so the outcome does not matter.
        var byte: UInt8 = 0
        _ = send(writing, &byte, 1, Int32(MSG_NOSIGNAL))
    }

    func run() {
        let wire = Wire(wakeup: reading)
        while true {
            let (job, isEnded) = state.withLock { state in
                (state.jobs.isEmpty ? nil : state.jobs.removeFirst(), state.isEnded)
            }
            if let job {
                job(wire)
            } else if isEnded {
                wire.disconnect()
                return
            } else {
                wire.rest()
            }
        }
    }
}
