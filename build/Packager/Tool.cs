using System.Diagnostics;

namespace StingBackup.Packager;

/// <summary>Other programs.</summary>
internal static class Tool
{
    /// <summary>Runs one; what it tells is passed on.</summary>
    /// <exception cref="PackageException">It cannot be started, or ended with another code than 0.</exception>
    public static void Run(string program, IEnumerable<string> arguments)
    {
        using var process = Start(new ProcessStartInfo(program, arguments));
        process.WaitForExit();
        Require(process);
    }

    /// <summary>Runs one, and gives what it wrote.</summary>
    /// <exception cref="PackageException">As above.</exception>
    public static string Read(string program, IEnumerable<string> arguments)
    {
        using var process = Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true });
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Require(process);
        return output;
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new PackageException($"'{start.FileName}' cannot be started: {e.Message}");
        }
    }

    private static void Require(Process process)
    {
        if (process.ExitCode != 0)
        {
            throw new PackageException($"'{process.StartInfo.FileName} {string.Join(' ', process.StartInfo.ArgumentList)}' ended with {process.ExitCode}.");
        }
    }
}
