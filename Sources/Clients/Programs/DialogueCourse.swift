import Glibc
import Host
import Maintenance

/// How far a dialogue is: what is still to be written, what came and is not read yet.
struct DialogueCourse {
    private let started: ProgramStart
    private var input: ArraySlice<UInt8>
    private var inputIsOpen = true
    private var outputIsOpen = true
    private var errorsAreOpen = true
    private var pending: [UInt8] = []
    /// How much of `pending` is known to hold no line break.
    private var searched = 0
    private var total = 0
    private var exitSeen: Duration?
    private(set) var errors = CapturedOutput()

    init(_ started: ProgramStart, input: [UInt8]) {
        self.started = started
        self.input = input[...]
    }

    var rest: [UInt8] { pending }
    var hasExited: Bool { exitSeen != nil }
    var hasLine: Bool { pending[searched...].contains(10) }
    var isTooMuch: Bool { total > ProgramLimits.dialogue || pending.count > ProgramLimits.dialogueLine }

    /// Waits a little for something to do, and does it.
    mutating func exchange() {
        if inputIsOpen, input.isEmpty { closeInput() }
        var waited = [
            pollfd(fd: inputIsOpen ? started.input : -1, events: Int16(POLLOUT), revents: 0),
            pollfd(fd: outputIsOpen ? started.output : -1, events: Int16(POLLIN), revents: 0),
            pollfd(fd: errorsAreOpen ? started.errors : -1, events: Int16(POLLIN), revents: 0),
        ]
        let pause = outputIsOpen || errorsAreOpen ? ProgramLimits.dialoguePause : ProgramLimits.exitPause
        poll(&waited, nfds_t(waited.count), pause)
        if waited[0].revents != 0 { write() }
        if waited[1].revents != 0, let bytes = read(started.output, &outputIsOpen) {
            total += bytes.count
            pending += bytes
        }
        if waited[2].revents != 0, let bytes = read(started.errors, &errorsAreOpen) { _ = errors.append(bytes) }
    }

    /// The next whole line, without its break.
    mutating func nextLine() -> [UInt8]? {
        guard let end = pending[searched...].firstIndex(of: 10) else {
            searched = pending.count
            return nil
        }
        let line = Array(pending[..<end])
        pending.removeFirst(end + 1)
        searched = 0
        return line
    }

    /// It has ended, and what it wrote is read; or something that outlives it holds its output open.
    mutating func hasEnded(_ now: Duration) -> Bool {
        if exitSeen == nil {
            var information = siginfo_t()
            let answer = waitid(P_PID, id_t(started.pid), &information, WEXITED | WNOWAIT | WNOHANG)
            guard answer == 0, information.si_signo == SIGCHLD else { return false }
            exitSeen = now
        }
        guard let exitSeen else { return false }
        return !outputIsOpen && !errorsAreOpen || now - exitSeen >= ProgramLimits.lastOutput
    }

    /// A program that does not read what it is asked must not end us: the signal of a broken pipe is held back.
    private mutating func write() {
        var broken = sigset_t()
        sigemptyset(&broken)
        sigaddset(&broken, SIGPIPE)
        var before = sigset_t()
        pthread_sigmask(SIG_BLOCK, &broken, &before)
        let count = input.prefix(ProgramLimits.dialogueWrite).withUnsafeBytes {
            Glibc.write(started.input, $0.baseAddress, $0.count)
        }
        let code = errno
        if count < 0, code == EPIPE {
            var none = timespec()
            sigtimedwait(&broken, nil, &none)
        }
        pthread_sigmask(SIG_SETMASK, &before, nil)
        if count > 0 { input = input.dropFirst(count) }
        if count < 0, code != EAGAIN, code != EINTR { closeInput() }
    }

    private func read(_ descriptor: Int32, _ isOpen: inout Bool) -> [UInt8]? {
        var chunk = [UInt8](repeating: 0, count: ProgramLimits.dialogueWrite)
        let count = Glibc.read(descriptor, &chunk, chunk.count)
        if count > 0 { return Array(chunk[..<count]) }
        if count == 0 || errno != EAGAIN && errno != EINTR { isOpen = false }
        return nil
    }

    private mutating func closeInput() {
        inputIsOpen = false
        Glibc.close(started.input)
    }

    /// Closes what is still open of the three streams.
    func close() {
        if inputIsOpen { Glibc.close(started.input) }
        Glibc.close(started.output)
        Glibc.close(started.errors)
    }
}
