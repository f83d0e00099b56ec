using System.Security;
using Microsoft.AspNetCore.Connections;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Portal;

/// <summary>
/// The program: <c>sting-portal --config FILE</c>. The key file's passphrase comes on standard input, a line, which may be empty; nobody else ever sees it. Whoever gave that line holds the other end, and when
/// it closes, the portal ends: so it never outlives <c>Start-StingPortal</c>.
/// </summary>
internal static class PortalProgram
{
    private const int MostCharacters = 1024;

    public static async Task<int> RunAsync(string[] arguments, TextReader input, TextWriter output, TextWriter error)
    {
        if (arguments is not ["--config", var file])
        {
            await error.WriteLineAsync("usage: sting-portal --config FILE. Start it with sting-backup portal (Start-StingPortal).").ConfigureAwait(false);
            return 2;
        }
        try
        {
            var configuration = new ConfigurationLoader(new HostView()).Examine(file).Require();
            using var passphrase = ReadPassphrase(input, out var isHeld);
            var portal = new PortalContext(configuration) { Passphrase = passphrase };
            var app = await PortalHost.BuildAsync(portal, CancellationToken.None).ConfigureAwait(false);
            await using (app.ConfigureAwait(false))
            {
                await app.StartAsync().ConfigureAwait(false);
                await output.WriteLineAsync($"listening {app.Urls.First()}").ConfigureAwait(false);
                await output.FlushAsync().ConfigureAwait(false);
                if (isHeld)
                {
                    EndWith(input, app.Lifetime);
                }
                await app.WaitForShutdownAsync().ConfigureAwait(false);
            }
            return 0;
        }
        catch (StingException e)
        {
            return await FailAsync(error, e).ConfigureAwait(false);
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            return await FailAsync(error, new StingException("PortalAddressTaken", FailureKind.Busy, e.Message, null, "Another program listens there, maybe another portal: end it, or change portal.address.", e)).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            return await FailAsync(error, new StingException("PortalNotStarted", FailureKind.Io, e.Message, null, "Change portal.address to one that this account may listen at.", e)).ConfigureAwait(false);
        }
    }

    // In the form that Start-StingPortal reads: it makes an error of it again.
    private static async Task<int> FailAsync(TextWriter error, StingException e)
    {
        await error.WriteLineAsync($"{e.ErrorId} ({e.Kind}): {Line(e.Message)}").ConfigureAwait(false);
        await error.WriteLineAsync(Line(e.Remedy)).ConfigureAwait(false);
        return e.Kind == FailureKind.InvalidConfiguration ? 2 : 1;
    }

    private static string Line(string text) => text.ReplaceLineEndings(" ");

    private static void EndWith(TextReader input, IHostApplicationLifetime lifetime) => new Thread(() =>
    {
        while (input.Read() >= 0)
        {
        }
        lifetime.StopApplication();
    })
    { IsBackground = true, Name = "standard input" }.Start();

    private static SecureString? ReadPassphrase(TextReader input, out bool isHeld)
    {
        var secret = new SecureString();
        var c = input.Read();
        for (; c is not (-1 or '\n'); c = input.Read())
        {
            if (c != '\r' && secret.Length < MostCharacters)
            {
                secret.AppendChar((char)c);
            }
        }
        isHeld = c == '\n';
        secret.MakeReadOnly();
        if (secret.Length > 0)
        {
            return secret;
        }
        secret.Dispose();
        return null;
    }
}
