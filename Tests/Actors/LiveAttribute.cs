using ActorRaid.SysfsIo;
using Xunit;

namespace ActorRaid.Tests.Actors;

/// <summary>
/// A file that, like one of sysfs and unlike a regular one, is replaced whole by each write and read again from its beginning:
/// the name of a thread that does nothing else (/proc/PID/task/TID/comm, 15 bytes at most). Nobody is notified of a change.
/// </summary>
internal sealed class LiveAttribute : IDisposable
{
    private const int StackBytes = 64 * 1024;
    private readonly ManualResetEventSlim _end = new();
    private readonly Thread _thread;
    private readonly string _file;

    /// <param name="path">Where it is to be found.</param>
    /// <param name="text">What it says at first.</param>
    public LiveAttribute(string path, string text)
    {
        using var started = new ManualResetEventSlim();
        nint number = 0;
        _thread = new Thread(
            () =>
            {
                number = Native.SystemCall(Native.SysGetTid, 0, 0, 0, 0, 0);
                started.Set();
                _end.Wait();
            },
            StackBytes) { IsBackground = true };
        _thread.Start();
        started.Wait();
        _file = $"/proc/{Environment.ProcessId}/task/{number}/comm";
        File.CreateSymbolicLink(path, _file);
        Text = text;
    }

    /// <summary>What it says now; set as md would.</summary>
    public string Text
    {
        get => File.ReadAllText(_file).TrimEnd('\n');
        set
        {
            Assert.True(value.Length <= 15, value);
            File.WriteAllText(_file, value);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _end.Set();
        _thread.Join();
        _end.Dispose();
    }
}
