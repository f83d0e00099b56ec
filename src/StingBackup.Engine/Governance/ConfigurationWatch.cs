using System.Security.Cryptography;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Governance;

/// <summary>Whether the configuration file is another one than when this host last wrote to its audit chain. What the file holds is not recorded, its SHA-256 is.</summary>
internal static class ConfigurationWatch
{
    /// <summary>What the record is about.</summary>
    public const string Verb = "Configuration";

    /// <summary>The file's digest where it is not the one that was seen last; null where it is, or where there is no file.</summary>
    public static Id32? Changed(Installation installation)
    {
        if (installation.Configuration?.File is not { } file)
        {
            return null;
        }
        try
        {
            var digest = new Id32(SHA256.HashData(File.ReadAllBytes(file)));
            return File.Exists(PathOf(installation)) && File.ReadAllText(PathOf(installation)).Trim() == digest.ToString() ? null : digest;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Remembers what was recorded. Where that fails it is recorded again, which does no harm.</summary>
    public static void Remember(Installation installation, Id32 digest)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(PathOf(installation))!);
            File.WriteAllText(PathOf(installation), digest + "\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // As said.
        }
    }

    private static string PathOf(Installation installation) => Path.Combine(installation.StateFolder, "audit", installation.Reserve.ToString(), "configuration");
}
