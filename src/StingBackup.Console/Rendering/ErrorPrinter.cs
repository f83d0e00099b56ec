using System.Management.Automation;
using System.Text.Json;

namespace StingBackup.Console.Rendering;

/// <summary>Prints what failed, on what, why, and what to do.</summary>
/// <param name="terminal">Where to print.</param>
/// <param name="program">The program's name.</param>
/// <param name="json">Whether one JSON object a line is printed.</param>
internal sealed class ErrorPrinter(Terminal terminal, string program, bool json)
{
    private static readonly JsonSerializerOptions OneLine = new(JsonPrinter.Options) { WriteIndented = false };

    /// <summary>Prints an error of a command.</summary>
    public void Print(ErrorRecord record)
    {
        var id = record.FullyQualifiedErrorId.Split(',')[0];
        Print(id, record.ErrorDetails?.Message ?? record.Exception.Message, record.ErrorDetails?.RecommendedAction, record.TargetObject?.ToString());
    }

    /// <summary>Prints an error that no command made.</summary>
    public void Print(StingException error) => Print(error.ErrorId, error.Message, error.Remedy, error.Target);

    /// <summary>Prints a mistake in the command line.</summary>
    public void PrintUsage(string message) => Print("BadUsage", message, null, null);

    private void Print(string id, string message, string? remedy, string? target)
    {
        (message, remedy) = (ShellWords.Commands(message), remedy is null ? null : ShellWords.Of(remedy));
        if (json)
        {
            terminal.Tell(JsonSerializer.Serialize(new { Error = new { Id = id, Message = message, Target = target, Remedy = remedy } }, OneLine));
            return;
        }
        terminal.Tell($"{program}: {message} [{id}]", TerminalColor.Red);
        if (!string.IsNullOrEmpty(remedy))
        {
            terminal.Tell($"  {remedy}");
        }
    }
}
