using System.Net;
using System.Net.Sockets;

namespace StingBackup.Fixtures;

/// <summary>
/// Ports of the loopback address for servers that must be told theirs. They lie below those that the system gives to whoever asks for any: nobody is given one between the look and the server's
/// start, nor after its end, when a test wants nobody there.
/// </summary>
internal static class FreePorts
{
    private const int First = 20_000, Count = 12_000;   // Linux gives from 32,768 on

    private static uint s_next = (uint)Environment.ProcessId * 61;

    public static int Next()
    {
        while (true)
        {
            var port = First + (int)(Interlocked.Increment(ref s_next) % Count);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody has it.
            }
        }
    }
}
