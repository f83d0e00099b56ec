using System.Diagnostics;

namespace StingBackup.Engine.Platform;

/// <summary>What programs that are started here do not inherit.</summary>
internal static class ChildEnvironment
{
    /// <summary>The passphrase of the key file: for this program, not for whomever it calls.</summary>
    public const string Passphrase = "STING_BACKUP_PASSPHRASE";

    /// <summary>Starts a program without it. Every program that the engine runs is started here.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">It could not be started.</exception>
    public static Process Begin(ProcessStartInfo start)
    {
        start.Environment.Remove(Passphrase);
        return Process.Start(start)!;
    }
}
