import ClientKubernetes
import Host
import Maintenance

/// What the pods of a Job write. It says nothing about how the Job ended: where it cannot be read, only that is noted.
struct JobLog: Sendable {
    let job: String
    let namespace: String
    let access: KubernetesAccess
    let context: Context

    /// Tells its newest line, until it is cancelled.
    func tell() async {
        var last = ""
        while !Task.isCancelled {
            guard (try? await context.host.sleep(KubernetesActionLimits.logLook)) != nil else { return }
            guard let pod = (try? await pods())?.last,
                let line = (try? await access.lastLines(pod: pod, namespace: namespace, lines: 1))?.last, line != last
            else { continue }
            last = line
            context.progress(Progress(done: 0, "\(job): \(shown(line))"))
        }
    }

    /// Keeps its end as evidence, in pieces that the evidence shows whole.
    func keep() async {
        do {
            for pod in try await pods().suffix(KubernetesActionLimits.keptLogPods) {
                let lines = try await access.lastLines(
                    pod: pod, namespace: namespace, lines: KubernetesActionLimits.keptLogLines)
                note(lines.joined(separator: "\n"), of: pod)
            }
        } catch {
            context.evidence.note(
                source: access.identity, statement: "log of Job \(job)", answer: Cause(error).sentence.utf8)
        }
    }

    /// The names of its pods, the oldest first.
    private func pods() async throws -> [String] {
        try await access.list(.pods, labels: "job-name=\(job)", namespace: namespace).objects.map { Pod($0.json) }
            .sorted { ($0.created?.microsecondsSinceEpoch ?? 0) < ($1.created?.microsecondsSinceEpoch ?? 0) }
            .map(\.name)
    }

    private func note(_ log: String, of pod: String) {
        let pieces = Self.pieces(log)
        for (index, piece) in pieces.enumerated() {
            context.evidence.note(
                source: access.identity, statement: "log of pod \(pod), \(index + 1) of \(pieces.count)",
                answer: piece.utf8)
        }
    }

    /// The end of a log, cut between characters so that each piece fits into an excerpt.
    static func pieces(_ log: String) -> [String] {
        var pieces: [String] = []
        var piece = ""
        for character in String(decoding: log.utf8.suffix(KubernetesActionLimits.keptLogBytes), as: UTF8.self) {
            if piece.utf8.count + character.utf8.count > Limits.evidenceExcerpt {
                pieces.append(piece)
                piece = ""
            }
            piece.append(character)
        }
        return piece.isEmpty ? pieces : pieces + [piece]
    }
}
