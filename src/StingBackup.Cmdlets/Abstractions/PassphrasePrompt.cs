using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;

namespace StingBackup.Cmdlets.Abstractions;

/// <summary>Where a passphrase comes from: given beforehand, or typed when something must be unlocked.</summary>
/// <param name="ui">Who is asked. Called from the engine's threads; a host's prompts do not belong to the pipeline's.</param>
/// <param name="given">Given beforehand, or null.</param>
/// <param name="question">What is asked.</param>
internal sealed class PassphrasePrompt(PSHostUserInterface? ui, SecureString? given, string question = "Passphrase of the key file: ")
{
    private volatile bool _silent;

    /// <summary>Asks nobody any more: a background job has no terminal.</summary>
    public void Silence() => _silent = true;

    /// <summary>The passphrase, or null where there is none and nobody to ask.</summary>
    public ValueTask<SecureString?> AskAsync(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return ValueTask.FromResult(given ?? (_silent ? null : Ask(question)));
    }

    /// <summary>A new passphrase, typed twice alike; null where there is nobody to ask.</summary>
    /// <exception cref="StingException"><c>PassphrasesDiffer</c></exception>
    public SecureString? AskNew(string asked = "New passphrase for the key file (without it no backup can be read): ")
    {
        if (given is not null)
        {
            return given;
        }
        var first = Ask(asked);
        if (first is null || first.Length == 0)
        {
            return null;
        }
        using var second = Ask("The same again: ");
        return second is not null && AreAlike(first, second) ? first : throw Errors.PassphrasesDiffer();
    }

    private SecureString? Ask(string text)
    {
        try
        {
            ui?.Write(text);
            return ui?.ReadLineAsSecureString();
        }
        // Not interactive, or given up: the engine then says what it needed the passphrase for.
        catch (Exception e) when (e is HostException or PSInvalidOperationException or NotImplementedException or OperationCanceledException)
        {
            ui?.WriteLine();   // the question stands there, and what comes next is no answer
            return null;
        }
    }

    private static bool AreAlike(SecureString first, SecureString second)
    {
        using var a = Engine.Installation.ToSecret(first);
        using var b = Engine.Installation.ToSecret(second);
        return a is not null && b is not null && System.Security.Cryptography.CryptographicOperations.FixedTimeEquals(a.Span, b.Span);
    }
}
