using StingBackup.Engine.Basics;
namespace StingBackup.Engine.Jobs.Logging;

/// <summary>Knows the secrets of this run by their text, so that no message carries one, whatever it is called there. Held in memory only.</summary>
public sealed class SecretWatch
{
    /// <summary>Shorter ones would take harmless words out of every message.</summary>
    private const int Shortest = 4;

    private readonly Lock _lock = new();
    private string[] _secrets = [];

    /// <summary>Remembers a secret; one of fewer than four characters is not.</summary>
    public void Know(string secret)
    {
        ArgumentNullException.ThrowIfNull(secret);
        if (secret.Length < Shortest)
        {
            return;
        }
        lock (_lock)
        {
            // The longest first, so that a secret within another leaves nothing of it behind.
            _secrets = [.. _secrets.Append(secret).Distinct(StringComparer.Ordinal).OrderByDescending(s => s.Length)];
        }
    }

    /// <summary>The text without known secrets, and without what looks like one.</summary>
    public string Clean(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        foreach (var secret in Volatile.Read(ref _secrets))
        {
            text = text.Replace(secret, Redaction.Mark, StringComparison.Ordinal);
        }
        return Redaction.Text(text);
    }
}
