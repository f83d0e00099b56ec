using System.Collections.Concurrent;
using System.Management.Automation;
using System.Security;

namespace StingBackup.Cmdlets.Abstractions;

/// <summary>A cmdlet that reads what only the restore role's keys open.</summary>
public abstract class UnlockingCmdlet : InstallationCmdlet
{
    // The engine reports from whatever thread it is on; PowerShell takes errors from the pipeline's alone.
    private readonly ConcurrentQueue<StingException> _damaged = new();

    private protected UnlockingCmdlet()
    {
    }

    /// <summary>Opens the key file.</summary>
    [Parameter(HelpMessage = "The passphrase of the key file; without it you are asked where one is needed")]
    public SecureString? Passphrase { get; set; }

    private protected override SecureString? GivenPassphrase => Passphrase;

    /// <summary>Takes an object that could not be read, while the rest goes on.</summary>
    private protected void ReportDamage(StingException error) => _damaged.Enqueue(error);

    /// <summary>Writes each object as it comes, and each damaged one as an error.</summary>
    private protected void EmitWithDamage<T>(IAsyncEnumerable<T> objects)
    {
        foreach (var item in objects.ToBlockingEnumerable(Cancel))
        {
            TellWarnings();
            WriteDamage();
            WriteObject(item);
        }
        WriteDamage();
    }

    private void WriteDamage()
    {
        while (_damaged.TryDequeue(out var error))
        {
            WriteError(Errors.ToRecord(error));
        }
    }
}
