import Glibc
public import Host
public import Maintenance

/// A program that is asked one thing: it reads what is written to it, answers in lines, and ends.
///
/// It blocks its thread, for a bounded time: off the pool only. Between `init` and `converse` the program runs and has
/// been told nothing, so that it can be made known to the journal first.
public struct ProgramDialogue: Sendable {
    /// What follows a line.
    public enum Next: Sendable {
        case goOn
        /// It was the last one: the program has a little time to end.
        case last
        /// It is ended at once.
        case stop
    }

    /// How it came to its end.
    public enum End: Hashable, Sendable {
        /// By itself, all its output read.
        case byItself(ProgramResult.Ending)
        case deadline
        case cancelled
        /// The reader of its lines had it ended.
        case stopped
        /// It went on after its last line.
        case lingered
        /// It wrote a line, or in all, more than it may.
        case tooMuch
    }

    public struct Outcome: Sendable {
        public let end: End
        /// What stood after the last line break.
        public let rest: [UInt8]
        let errors: CapturedOutput

        /// What it wrote to its standard error, without secrets.
        public func errorText(_ masker: Masker) -> String { errors.text(masker) }
    }

    /// Who it is, for the journal; `nil` where it has ended already.
    public let child: ProcessIdentity?
    private let host: Host
    private let label: WorkLabel
    private let started: ProgramStart
    private let table: ProcessTable

    /// Starts the program. Throws `CouldNotLook` where it could not be.
    public init(_ command: ProgramCommand, label: WorkLabel, host: Host) throws(CouldNotLook) {
        self.host = host
        self.label = label
        table = ProcessTable(host: host)
        started = try ProgramStart(command, label: label, host: host)
        child = Programs.identity(of: started.pid, in: table)
    }

    /// Writes the input, closes it, and hands over each line until the program has ended; then nothing of it is left.
    /// `isCancelled` is asked between.
    public func converse(
        _ input: [UInt8], until deadline: Duration, isCancelled: () -> Bool, _ line: ([UInt8]) -> Next
    ) -> Outcome {
        var course = DialogueCourse(started, input: input)
        var limit = deadline
        var end: End?
        while end == nil {
            course.exchange()
            while let bytes = course.nextLine() {
                switch line(bytes) {
                case .goOn: continue
                case .last: limit = min(limit, host.steady() + ProgramLimits.lastOutput + ProgramLimits.grace)
                case .stop: end = .stopped
                }
                break
            }
            if end != nil { break }
            if course.isTooMuch {
                end = .tooMuch
            } else if course.hasEnded(host.steady()), !course.hasLine {
                end = .byItself(.exited(0))
            } else if isCancelled() {
                end = .cancelled
            } else if host.steady() >= limit {
                end = limit < deadline ? .lingered : .deadline
            }
        }
        let how = finish(everything: !course.hasExited, course)
        if case .byItself = end { end = .byItself(how) }
        return Outcome(end: end ?? .stopped, rest: course.rest, errors: course.errors)
    }

    /// Ends a program that is not to be asked after all.
    public func abandon() { _ = finish(everything: true, DialogueCourse(started, input: [])) }

    /// Ends what is left in its session, and collects it.
    private func finish(everything: Bool, _ course: DialogueCourse) -> ProgramResult.Ending {
        course.close()
        let (pid, table, label) = (started.pid, table, label.description)
        _ = ProcessSweep(table: table, grace: ProgramLimits.grace) { entry in
            entry.session == pid || entry.group == pid || everything && table.work(of: entry.pid) == label
        }.run()
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7f
        return signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
    }
}
