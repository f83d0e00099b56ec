using System.Net;
using System.Net.Sockets;

namespace StingBackup.Engine.Storage.S3;

/// <summary>A connection as the platform makes it, whose packets may be marked: routers that know the mark let those of others pass first.</summary>
internal static class BackgroundSocket
{
    /// <summary>DSCP CS1, "lower effort", in the upper six bits of the byte that IPv4 calls type of service and IPv6 traffic class.</summary>
    public const int LowerEffort = 8 << 2;

    private const int IPv6Level = 41, LinuxTrafficClass = 67, MacTrafficClass = 36;

    /// <summary>Connects.</summary>
    public static async ValueTask<Stream> ConnectAsync(DnsEndPoint to, bool marked, CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (marked)
            {
                Mark(socket);
            }
            await socket.ConnectAsync(to, cancel).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Marks what a socket sends. It has both protocols, so both are told; a system that does not let it sends without a mark.</summary>
    internal static void Mark(Socket socket)
    {
        if (OperatingSystem.IsWindows())
        {
            return;   // takes marks from its own policies alone
        }
        try
        {
            socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.TypeOfService, LowerEffort);
        }
        catch (SocketException)
        {
        }
        try
        {
            socket.SetRawSocketOption(IPv6Level, OperatingSystem.IsLinux() ? LinuxTrafficClass : MacTrafficClass, BitConverter.GetBytes(LowerEffort));
        }
        catch (SocketException)
        {
        }
    }
}
