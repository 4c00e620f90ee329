import Engine
import Glibc
import Host
import Maintenance
import Plans
import Reports
import Synchronization

/// Shows a run as it goes: on a terminal a block of lines that is drawn anew, elsewhere a plain line for each step that
/// is over.
final class RunScreen: Sendable {
    private struct State {
        var drawnLines = 0
        var reported: Set<String> = []
        var progress: [String: Progress] = [:]
        var run: Run?
        var lastDrawn = Duration.zero
    }

    private let host: Host
    private let isQuiet: Bool
    private let state = Mutex(State())

    /// A quiet screen shows nothing: the output is JSON.
    init(host: Host, isQuiet: Bool) {
        self.host = host
        self.isQuiet = isQuiet
    }

    var observer: RunObserver {
        RunObserver(changed: { self.changed($0) }, progress: { self.progressed($0, $1) })
    }

    private func changed(_ run: Run) {
        guard !isQuiet else { return }
        state.withLock { state in
            state.run = run
            if Output.isTerminal { draw(&state) } else { report(run, &state) }
        }
    }

    private func progressed(_ step: String, _ progress: Progress) {
        guard !isQuiet, Output.isTerminal else { return }
        state.withLock { state in
            state.progress[step] = progress
            let now = host.steady()
            guard now - state.lastDrawn > .milliseconds(100) else { return }
            draw(&state)
        }
    }

    private func report(_ run: Run, _ state: inout State) {
        for step in run.steps where step.isOver {
            // What is taken back with a later step is over twice.
            let told = step.takenBackFor == nil ? step.id : "\(step.id) taken back"
            if state.reported.insert(told).inserted { Output.line(Self.line(step)) }
        }
        for step in run.steps {
            guard let text = Self.waiting(step, run), state.reported.insert("\(step.id) \(text)").inserted else {
                continue
            }
            Output.line("… waits  \(Self.padded(step.id)) \(text)")
        }
    }

    /// What a step waits for; `nil` where it waits for nothing.
    private static func waiting(_ step: StepState, _ run: Run) -> String? {
        switch step.phase {
        case .awaitingWindow(let opening): "for its window, which opens at \(opening.opens)"
        case .waiting(let until): "until \(until)"
        case .awaitingDecision(let until) where step.proposal != nil:
            "for approval until \(until): millwright approve \(run.id) \(step.id)"
        case .awaitingDecision(let until): "for an answer until \(until): millwright answer \(run.id) \(step.id)"
        default: nil
        }
    }

    private func draw(_ state: inout State) {
        guard let run = state.run else { return }
        state.lastDrawn = host.steady()
        let width = Self.width
        var lines = run.steps.map { step in
            if step.isOver || step.phase == .pending { return Self.line(step) }
            if let text = Self.waiting(step, run) { return "… \(Self.padded(step.id)) \(Style.soft(text))" }
            return working(step, state.progress[step.id])
        }
        lines = lines.map { Self.cut($0, width) }
        var text = state.drawnLines > 0 ? "\u{1B}[\(state.drawnLines)A" : ""
        text += lines.map { "\u{1B}[2K\($0)\n" }.joined()
        state.drawnLines = lines.count
        Output.raw(text)
    }

    private func working(_ step: StepState, _ progress: Progress?) -> String {
        let spinner = Array("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
        let turn = Int(host.steady().inSeconds * 8) % spinner.count
        let tally = Tally(step.units)
        var text = "\(spinner[turn]) \(Self.padded(step.id)) "
        if tally.total > 0 {
            let done = tally.done + tally.failed + tally.unknown
            text += "\(Self.bar(Double(done) / Double(tally.total))) \(done) of \(tally.total) "
        }
        if let progress { text += Style.soft(Style.plain(progress.text)) }
        return text
    }

    static func line(_ step: StepState) -> String {
        guard step.isOver else { return "\(Style.soft("·")) \(Style.soft(padded(step.id)))" }
        var text = step.summary
        if let cause = step.cause, !text.contains(cause.sentence) {
            text += text.isEmpty ? cause.sentence : ". \(cause.sentence)"
        }
        let took: String
        if let began = step.startedAt, let ended = step.endedAt, step.phase == .done {
            took = Words.took(ended - began)
        } else {
            took = ""
        }
        let word = step.verdict?.rawValue ?? "not run"
        let sign = Style.sign(step.verdict)
        let label = Style.verdict(step.verdict, word + String(repeating: " ", count: max(0, 7 - word.count)))
        let time = String(repeating: " ", count: max(0, 9 - took.count)) + took
        return "\(sign) \(label) \(padded(step.id)) \(Style.soft(time))  \(Style.plain(text))"
    }

    private static func padded(_ id: String) -> String {
        id + String(repeating: " ", count: max(0, 24 - id.count))
    }

    private static func bar(_ share: Double) -> String {
        let full = Int((share * 20).rounded())
        return String(repeating: "█", count: full) + Style.soft(String(repeating: "░", count: 20 - full))
    }

    /// The terminal's columns.
    private static var width: Int {
        var size = winsize()
        return ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 100
    }

    /// Cuts a line to the width, not counting colour sequences: a wrapped line would break the redrawing.
    private static func cut(_ line: String, _ width: Int) -> String {
        var result = ""
        var columns = 0
        var isEscape = false
        for character in line {
            if character == "\u{1B}" { isEscape = true }
            if !isEscape {
                guard columns < width - 1 else { return result + "…" + (Output.hasColour ? "\u{1B}[0m" : "") }
                columns += 1
            }
            result.append(character)
            if isEscape, character == "m" { isEscape = false }
        }
        return result
    }
}
