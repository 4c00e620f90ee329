import CLibPQ
import Glibc

extension Wire {
    /// Waits until the server notifies the session; false when the connection is lost, which may have cost a notification.
    func awaitNotification(_ bounds: CallBounds) throws(Interruption) -> Bool {
        while let connection {
            guard PQconsumeInput(connection) == 1 else {
                disconnect()
                return false
            }
            var isNotified = false
            while let notification = PQnotifies(connection) {
                PQfreemem(notification)
                isNotified = true
            }
            if isNotified { return true }
            try wait(for: Int32(POLLIN), bounds)
        }
        return false
    }
}
