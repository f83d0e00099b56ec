using System.Globalization;
using System.Net;
using System.Net.Sockets;
using StingBackup.Engine.Limits;
using StingBackup.Engine.Storage.S3;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Limits;

/// <summary>The real means of this host, in processes of their own.</summary>
public sealed class RealLimitTests
{
    [ControlGroupFact]
    public async Task A_real_group_holds_a_real_process_and_is_gone_after_it_even_after_one_that_was_killed()
    {
        var own = ControlGroupPlace.Find(new ControlFiles()).Place!.Own;
        string killed;
        using (var child = ChildProgram.Start([], "limits", "25", "0"))
        {
            killed = $"{own}/{ControlGroupPlace.NameOf(child.Id)}";
            for (var line = ""; !line.StartsWith("within", StringComparison.Ordinal);)
            {
                line = await child.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException(await child.StandardError.ReadToEndAsync());
            }
            Assert.True(Directory.Exists(killed));
            child.Kill();
            await child.WaitForExitAsync();
        }
        Assert.True(Directory.Exists(killed));

        var told = await ChildProgram.RunAsync([], "limits", "25", "1.2");
        string[] Of(string word) => told.Single(line => line.StartsWith(word + " ", StringComparison.Ordinal)).Split(' ');
        Assert.Equal(own, Of("before")[1]);
        Assert.StartsWith($"{own}/sting-backup-", Of("within")[1], StringComparison.Ordinal);
        Assert.Contains(told, line => line.Contains("by a control group", StringComparison.Ordinal));
        Assert.Equal(own, Of("after")[1]);
        Assert.False(Directory.Exists(Of("within")[1]));
        Assert.False(Directory.Exists(killed));
        Assert.InRange(double.Parse(Of("share")[1], CultureInfo.InvariantCulture), 5, 33);

        // All of its threads stood behind others, those too that came later: nice, and the last level of the disk.
        var lowered = Math.Max(ThreadPriorities.BehindOthers, ThreadPriorities.Read(0).Nice);
        foreach (var threads in (string[][])[Of("within")[2..], Of("working")[1..]])
        {
            Assert.Equal([string.Create(CultureInfo.InvariantCulture, $"{lowered}/2.7")], threads);
        }
        Assert.Equal(Of("before")[2..], Of("after")[2..]);
    }

    [Theory]
    [InlineData(true, BackgroundSocket.LowerEffort)]
    [InlineData(false, 0)]
    public async Task Packets_are_marked_when_they_may_wait(bool marked, int expected)
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        await using var stream = await BackgroundSocket.ConnectAsync(new DnsEndPoint("localhost", ((IPEndPoint)server.LocalEndpoint).Port), marked, default);
        var socket = Assert.IsType<NetworkStream>(stream).Socket;
        if (OperatingSystem.IsLinux())
        {
            var value = new byte[4];
            socket.GetRawSocketOption(0, 1, value);   // IPPROTO_IP, IP_TOS: what a packet of IPv4 carries
            Assert.Equal(expected, value[0]);
            if (socket.AddressFamily == AddressFamily.InterNetworkV6)
            {
                socket.GetRawSocketOption(41, 67, value);
                Assert.Equal(expected, value[0]);
            }
        }
        using var other = await server.AcceptTcpClientAsync();
        await stream.WriteAsync("through"u8.ToArray());
        var read = new byte[7];
        await other.GetStream().ReadExactlyAsync(read);
        Assert.Equal("through"u8.ToArray(), read);
    }
}
