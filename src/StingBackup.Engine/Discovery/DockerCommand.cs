using System.ComponentModel;
using System.Diagnostics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Discovery;

/// <summary>The docker command on this host's path. It is only asked; nothing is changed.</summary>
/// <param name="program">Its path.</param>
/// <param name="clock">Counts how long it takes.</param>
internal sealed class DockerCommand(string program, TimeProvider clock)
{
    // A daemon that hangs must not hang the search.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>The first one on the path; null where there is none.</summary>
    public static DockerCommand? Find(IHostView host, TimeProvider clock)
    {
        var name = host.IsWindows ? "docker.exe" : "docker";
        var path = (host.GetVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Select(f => Path.Join(f, name)).FirstOrDefault(host.FileExists);
        return path is null ? null : new DockerCommand(path, clock);
    }

    /// <summary>What it writes.</summary>
    /// <exception cref="DockerException">It could not be started, failed, or took too long.</exception>
    public async Task<byte[]> RunAsync(IEnumerable<string> arguments, CancellationToken cancel)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        using var late = new CancellationTokenSource(Patience, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        using var process = Begin(start);
        try
        {
            process.StandardInput.Close();
            using var output = new MemoryStream();
            var complaints = process.StandardError.ReadToEndAsync(stop.Token);
            await process.StandardOutput.BaseStream.CopyToAsync(output, stop.Token).ConfigureAwait(false);
            var says = await complaints.ConfigureAwait(false);
            await process.WaitForExitAsync(stop.Token).ConfigureAwait(false);
            return process.ExitCode == 0 ? output.ToArray() : throw new DockerException(FirstLine(says) ?? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"it ended with {process.ExitCode}"));
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            throw new DockerException("it did not answer within 30 seconds");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static Process Begin(ProcessStartInfo start)
    {
        try
        {
            return ChildEnvironment.Begin(start);
        }
        catch (Win32Exception e)
        {
            throw new DockerException($"{start.FileName} could not be started: {e.Message}", e);
        }
    }

    private static string? FirstLine(string text) => text.Split('\n').Select(l => l.Trim()).FirstOrDefault(l => l.Length > 0);
}

/// <summary>Docker gave no answer.</summary>
internal sealed class DockerException(string message, Exception? inner = null) : Exception(message, inner);
