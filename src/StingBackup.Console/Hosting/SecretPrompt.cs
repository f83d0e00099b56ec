using System.Security;
using StingBackup.Console.Rendering;

namespace StingBackup.Console.Hosting;

/// <summary>Reads a passphrase key by key, showing nothing.</summary>
internal static class SecretPrompt
{
    /// <summary>Reads up to Enter.</summary>
    /// <exception cref="OperationCanceledException">Ctrl+C or Escape was pressed.</exception>
    public static SecureString Read(Terminal terminal)
    {
        var secret = new SecureString();
        while (true)
        {
            var key = terminal.ReadKey();
            switch (key.Key)
            {
                case ConsoleKey.Enter:
                    terminal.Tell("");
                    secret.MakeReadOnly();
                    return secret;
                case ConsoleKey.Backspace:
                    if (secret.Length > 0)
                    {
                        secret.RemoveAt(secret.Length - 1);
                    }
                    break;
                case ConsoleKey.Escape:
                case ConsoleKey.C when key.Modifiers.HasFlag(ConsoleModifiers.Control):
                    secret.Dispose();
                    terminal.Tell("");
                    throw new OperationCanceledException("No passphrase was given.");
                case ConsoleKey.U when key.Modifiers.HasFlag(ConsoleModifiers.Control):
                    secret.Clear();
                    break;
                default:
                    if (!char.IsControl(key.KeyChar))
                    {
                        secret.AppendChar(key.KeyChar);
                    }
                    break;
            }
        }
    }
}
