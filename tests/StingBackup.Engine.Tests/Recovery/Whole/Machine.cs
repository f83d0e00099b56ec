using System.Diagnostics;

namespace StingBackup.Engine.Tests.Recovery.Whole;

/// <summary>What a program ended with.</summary>
/// <param name="Code">Its exit code.</param>
/// <param name="Output">What it wrote.</param>
/// <param name="Errors">What it wrote beside.</param>
/// <param name="Took">From its start to its end.</param>
internal sealed record ProgramEnd(int Code, string Output, string Errors, TimeSpan Took)
{
    public ProgramEnd Ended(params IEnumerable<int> codes) => codes.Contains(Code) ? this : throw new InvalidOperationException($"it ended with {Code}, and not with {string.Join(" or ", codes)}: {Errors}\n{Output}");
}

/// <summary>
/// One of several machines on this one: a folder of its own that its programs, and nobody else, see at one path, and a host name of its own, by namespaces of the kernel. So one configuration is
/// good on all of them, as on real ones. They share processors, disk and the loopback network.
/// </summary>
/// <param name="name">Its host name.</param>
/// <param name="folder">Its disk.</param>
/// <param name="at">Where its programs see it.</param>
internal sealed class Machine(string name, string folder, string at) : IDisposable
{
    private const string Enter = "echo \"$0\" >/proc/sys/kernel/hostname && mount --bind \"$1\" \"$2\" && shift 2 && exec \"$@\"";

    private readonly List<Process> _running = [];

    public string Name => name;
    public string Folder => folder;

    /// <summary>What its programs are given besides what all are given: credentials of buckets.</summary>
    public Dictionary<string, string> Environment { get; } = [];

    public string this[string path] => Path.Join(folder, path);

    /// <summary>Whether this system lets anybody make such a machine.</summary>
    public static bool IsPossible => Process.Start(new ProcessStartInfo("unshare", ["--mount", "--uts", "true"]) { RedirectStandardError = true }) is { } trial && trial.WaitForExit(5000) && trial.ExitCode == 0;

    /// <summary>Runs a program to its end.</summary>
    public async Task<ProgramEnd> RunAsync(params IEnumerable<string> command)
    {
        var watch = Stopwatch.StartNew();
        using var process = Begin(command);
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new ProgramEnd(process.ExitCode, output, await errors, watch.Elapsed);
    }

    /// <summary>Starts one that goes on until it is killed.</summary>
    public Process Start(params IEnumerable<string> command)
    {
        var process = Begin(command);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _running.Add(process);
        return process;
    }

    /// <summary>The power goes: nothing that runs here has another word.</summary>
    public void Kill()
    {
        foreach (var process in _running)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            process.Dispose();
        }
        _running.Clear();
    }

    public void Dispose() => Kill();

    private Process Begin(IEnumerable<string> command)
    {
        Directory.CreateDirectory(folder);
        Directory.CreateDirectory(at);
        var start = new ProcessStartInfo("unshare", ["--mount", "--uts", "--propagation", "private", "sh", "-c", Enter, name, folder, at, .. command])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = "/",
        };
        var kept = ((string[])["PATH", "DOTNET_ROOT"]).Select(k => (Key: k, Value: System.Environment.GetEnvironmentVariable(k))).Where(v => v.Value is not null).ToList();
        start.Environment.Clear();
        kept.ForEach(v => start.Environment[v.Key] = v.Value);
        foreach (var (key, value) in Environment)
        {
            start.Environment[key] = value;
        }
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }
}
