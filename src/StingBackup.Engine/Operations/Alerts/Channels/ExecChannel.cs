using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using StingBackup.Engine.Platform;

namespace StingBackup.Engine.Operations.Alerts.Channels;

/// <summary>A program that gets each message as JSON at its standard input.</summary>
internal sealed class ExecChannel(string program) : IAlertChannel
{
    public string Name => "exec";

    public TimeSpan Patience => TimeSpan.FromSeconds(30);

    public async Task SendAsync(AlertMessage message, CancellationToken cancel)
    {
        try
        {
            var start = new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath() };
            using var process = ChildEnvironment.Begin(start);
            try
            {
                // It may say what it likes: a full pipe must not stop it.
                var said = Task.WhenAll(process.StandardOutput.ReadToEndAsync(cancel), process.StandardError.ReadToEndAsync(cancel));
                await FeedAsync(process, JsonSerializer.Serialize(Payloads.Whole(message))).ConfigureAwait(false);
                await process.WaitForExitAsync(cancel).ConfigureAwait(false);
                await said.ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                throw;
            }
            if (process.ExitCode != 0)
            {
                throw AlertErrors.Undelivered(Name, string.Create(CultureInfo.InvariantCulture, $"'{program}' ended with {process.ExitCode}"));
            }
        }
        catch (Win32Exception e)
        {
            throw AlertErrors.Undelivered(Name, $"'{program}' cannot be run: {e.Message}", e);
        }
    }

    private static async Task FeedAsync(Process process, string text)
    {
        try
        {
            await process.StandardInput.WriteAsync(text).ConfigureAwait(false);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It does not want to read; its exit code tells whether it took the message all the same.
        }
    }
}
