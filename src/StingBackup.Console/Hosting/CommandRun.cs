using System.Management.Automation;
using StingBackup.Console.Rendering;

namespace StingBackup.Console.Hosting;

/// <summary>Runs one cmdlet, prints what it writes as it comes, and finds how the program ends.</summary>
/// <param name="session">The engine.</param>
/// <param name="ui">Told of refused questions.</param>
/// <param name="errors">Prints errors.</param>
internal sealed class CommandRun(ModuleSession session, TerminalUserInterface ui, ErrorPrinter errors)
{
    private readonly Lock _lock = new();
    private PowerShell? _running;
    private bool _stopped;

    /// <summary>Stops what runs, as Ctrl+C does; from any thread. Returns at once.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            _stopped = true;
            _running?.BeginStop(null, null);
        }
    }

    /// <summary>Runs a cmdlet to its end.</summary>
    public ExitCode Invoke(string cmdlet, IEnumerable<KeyValuePair<string, object>> parameters, Action<PSObject> print)
    {
        using var shell = session.CreateShell();
        shell.AddCommand(cmdlet);
        foreach (var (name, value) in parameters)
        {
            shell.AddParameter(name, value);
        }
        var code = ExitCode.Done;
        // Both events come on the pipeline's thread, one after the other.
        using var output = new PSDataCollection<PSObject>();
        output.DataAdded += (_, _) =>
        {
            foreach (var item in output.ReadAll())
            {
                code = ExitCodes.Worse(code, ExitCodes.OfOutput(item.BaseObject));
                print(item);
            }
        };
        shell.Streams.Error.DataAdded += (_, _) =>
        {
            foreach (var record in shell.Streams.Error.ReadAll())
            {
                // An item failed and the command went on. Damage that it met outweighs that.
                var damaged = ExitCodes.Of(record.Exception) == ExitCode.IntegrityFault;
                code = ExitCodes.Worse(code, damaged ? ExitCode.IntegrityFault : ExitCode.CompletedWithErrors);
                errors.Print(record);
            }
        };
        lock (_lock)
        {
            if (_stopped)
            {
                return ExitCode.Failed;
            }
            _running = shell;
        }
        try
        {
            shell.Invoke<object, PSObject>(null, output, null);
        }
        catch (PipelineStoppedException)
        {
            return ExitCode.Failed;
        }
        catch (RuntimeException e)
        {
            errors.Print(e.ErrorRecord);
            code = ExitCodes.Worse(code, ExitCodes.Of(e));
        }
        finally
        {
            lock (_lock)
            {
                _running = null;
            }
        }
        return shell.InvocationStateInfo.State == PSInvocationState.Stopped ? ExitCode.Failed : ui.WasRefused ? ExitCode.Refused : code;
    }
}
