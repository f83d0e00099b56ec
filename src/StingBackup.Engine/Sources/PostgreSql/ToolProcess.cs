using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Sources.PostgreSql;

/// <summary>Runs a tool to its end: its output goes on as it comes, what it complains about becomes an error with its own words.</summary>
internal static class ToolProcess
{
    private const int Kept = 4096;

    /// <summary>Runs it.</summary>
    /// <param name="settings">The server that it talks to.</param>
    /// <param name="tool">Its name, for messages.</param>
    /// <param name="start">Its start.</param>
    /// <param name="input">What it reads, or null for nothing.</param>
    /// <param name="output">Takes what it writes, in order.</param>
    /// <param name="cancel">Ends the process.</param>
    /// <exception cref="StingException"><c>PostgresToolFailed</c>, <c>PostgresToolMissing</c>, <c>PostgresDenied</c>, <c>PostgresUnreachable</c></exception>
    public static async Task RunAsync(PostgresSettings settings, string tool, ProcessStartInfo start, Func<Stream, CancellationToken, Task>? input,
        Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> output, CancellationToken cancel)
    {
        using var process = Begin(settings, tool, start);
        // Whatever goes wrong on our side, the process does not outlive the call.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        try
        {
            var feeding = FeedAsync(process, input, stop.Token);
            var complaints = TailAsync(process.StandardError.BaseStream, stop.Token);
            var buffer = new byte[128 << 10];
            int read;
            while ((read = await process.StandardOutput.BaseStream.ReadAsync(buffer, stop.Token).ConfigureAwait(false)) > 0)
            {
                await output(buffer.AsMemory(0, read), stop.Token).ConfigureAwait(false);
            }
            var says = await complaints.ConfigureAwait(false);
            await process.WaitForExitAsync(stop.Token).ConfigureAwait(false);
            var fed = await feeding.ConfigureAwait(false);
            if (process.ExitCode != 0)
            {
                throw Failed(settings, tool, process.ExitCode, Redact(says, settings));
            }
            if (fed is not null)
            {
                throw PostgresErrors.ToolFailed(settings, tool, 0, fed.Message);
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static Process Begin(PostgresSettings settings, string tool, ProcessStartInfo start)
    {
        try
        {
            return ChildEnvironment.Begin(start);
        }
        catch (Win32Exception e)
        {
            throw new StingException("PostgresToolMissing", FailureKind.NotFound, $"{tool} for {settings.Location} could not be started ({start.FileName}): {e.Message}", start.FileName,
                "Check that the program is there and may be run.", e);
        }
    }

    /// <summary>Writes its input; the error when it stopped reading, which its exit code explains better.</summary>
    private static async Task<IOException?> FeedAsync(Process process, Func<Stream, CancellationToken, Task>? input, CancellationToken cancel)
    {
        try
        {
            var stream = process.StandardInput.BaseStream;
            await using (stream.ConfigureAwait(false))
            {
                if (input is not null)
                {
                    await input(stream, cancel).ConfigureAwait(false);
                }
            }
            return null;
        }
        catch (IOException e)
        {
            return e;
        }
    }

    /// <summary>The last words of a stream, however long it is.</summary>
    private static async Task<string> TailAsync(Stream stream, CancellationToken cancel)
    {
        var buffer = new byte[2 * Kept];
        var filled = 0;
        int read;
        while ((read = await stream.ReadAsync(buffer.AsMemory(filled), cancel).ConfigureAwait(false)) > 0)
        {
            filled += read;
            if (filled > Kept)
            {
                buffer.AsSpan(filled - Kept, Kept).CopyTo(buffer);
                filled = Kept;
            }
        }
        return Encoding.UTF8.GetString(buffer, 0, filled).Trim();
    }

    private static StingException Failed(PostgresSettings settings, string tool, int exitCode, string says)
    {
        var what = $"{tool} could not work with {settings.Location}: {says}";
        return Has("password authentication failed") || Has("no password supplied") || Has("no pg_hba.conf entry") ? PostgresErrors.Denied(what, settings, null)
            : Has("Connection refused") || Has("could not translate host name") || Has("Is the server running") || Has("timeout expired") ? PostgresErrors.Unreachable(what, settings, null)
            : PostgresErrors.ToolFailed(settings, tool, exitCode, says.Length == 0 ? "it said nothing" : says);

        bool Has(string words) => says.Contains(words, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>No tool tells a password; a stand-in or a wrapper might.</summary>
    private static string Redact(string says, PostgresSettings settings) =>
        settings.Password is { Length: > 0 } password ? says.Replace(password, "***", StringComparison.Ordinal) : says;
}
