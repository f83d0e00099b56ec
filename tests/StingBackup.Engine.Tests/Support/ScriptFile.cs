using System.Diagnostics;

namespace StingBackup.Engine.Tests.Support;

/// <summary>Programs that tests write.</summary>
internal static class ScriptFile
{
    /// <summary>Writes a script that can be run at once. A child writes it: a handle of ours could live on for a moment in another test's child, and the system runs nothing that is open for writing.</summary>
    public static string Write(string path, string text)
    {
        using var shell = Process.Start("/bin/sh", ["-c", "printf '%s' \"$1\" > \"$2\" && chmod 755 \"$2\"", "sh", text, path]);
        shell.WaitForExit();
        Assert.Equal(0, shell.ExitCode);
        return path;
    }
}
