using System.Security;
using StingBackup.Console.CommandLine;

namespace StingBackup.Console.Hosting;

/// <summary>A passphrase that was given beforehand: in a file, or in the environment.</summary>
internal static class PassphraseSource
{
    /// <summary>The environment variable.</summary>
    public const string Variable = "STING_BACKUP_PASSPHRASE";

    /// <summary>The passphrase, or null where it must be asked for.</summary>
    /// <param name="file">The file named on the command line, or null.</param>
    /// <param name="variable">The variable's value, or null.</param>
    /// <param name="warn">Told when others can read the file.</param>
    /// <exception cref="UsageException">The file cannot be read, or is empty.</exception>
    public static SecureString? Find(string? file, string? variable, Action<string> warn)
    {
        if (file is null)
        {
            return string.IsNullOrEmpty(variable) ? null : Secure(variable);
        }
        try
        {
            const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.OtherRead | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & Others) != 0 && File.Exists(file))
            {
                warn($"Others can read the passphrase in {file}: chmod 600 it.");
            }
            var line = File.ReadLines(file).FirstOrDefault() ?? "";
            return line.Length > 0 ? Secure(line) : throw new UsageException($"The first line of {file} is empty: it must be the passphrase.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The passphrase file cannot be read: {e.Message}");
        }
    }

    private static SecureString Secure(string text)
    {
        var secret = new SecureString();
        foreach (var c in text)
        {
            secret.AppendChar(c);
        }
        secret.MakeReadOnly();
        return secret;
    }
}
