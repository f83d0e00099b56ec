using System.Security;
using StingBackup.Engine;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Portal;

/// <summary>The program: <c>sting-portal --config FILE</c>. The key file's passphrase comes on standard input, a line; nobody else ever sees it.</summary>
internal static class PortalProgram
{
    public static async Task<int> RunAsync(string[] arguments, TextWriter output, TextWriter error)
    {
        if (arguments is not ["--config", var file])
        {
            await error.WriteLineAsync("usage: sting-portal --config FILE. Start it with sting-backup portal (Start-StingPortal).").ConfigureAwait(false);
            return 2;
        }
        try
        {
            var configuration = new ConfigurationLoader(new HostView()).Examine(file).Require();
            using var passphrase = ReadPassphrase();
            var app = await PortalHost.BuildAsync(new PortalContext(configuration) { Passphrase = passphrase }, CancellationToken.None).ConfigureAwait(false);
            await using (app.ConfigureAwait(false))
            {
                await app.StartAsync().ConfigureAwait(false);
                await output.WriteLineAsync($"listening {app.Urls.First()}").ConfigureAwait(false);
                await app.WaitForShutdownAsync().ConfigureAwait(false);
            }
            return 0;
        }
        catch (StingException e)
        {
            await error.WriteLineAsync($"{e.ErrorId}: {e.Message}{Environment.NewLine}{e.Remedy}").ConfigureAwait(false);
            return e.Kind == FailureKind.InvalidConfiguration ? 2 : 1;
        }
        catch (IOException e)
        {
            await error.WriteLineAsync($"PortalNotStarted: {e.Message}").ConfigureAwait(false);
            return 1;
        }
    }

    private static SecureString? ReadPassphrase()
    {
        if (!Console.IsInputRedirected)
        {
            return null;
        }
        var secret = new SecureString();
        for (var c = Console.In.Read(); c is not (-1 or '\n'); c = Console.In.Read())
        {
            if (c != '\r')
            {
                secret.AppendChar((char)c);
            }
        }
        secret.MakeReadOnly();
        return secret.Length > 0 ? secret : null;
    }
}
