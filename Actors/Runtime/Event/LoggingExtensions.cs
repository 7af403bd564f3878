namespace Akka.Event;

/// <summary>
/// Logging by level. The format is that of <see cref="string.Format(string, object[])"/>; nothing is formatted for a level that is off,
/// and before somebody looks at the event.
/// </summary>
public static class LoggingExtensions
{
    /// <summary>Publishes a debug message.</summary>
    public static void Debug(this ILoggingAdapter log, string format) =>
        log.Write(LogLevel.DebugLevel, null, format);

    /// <summary>Publishes a debug message.</summary>
    public static void Debug<T1>(this ILoggingAdapter log, string format, T1 arg1) =>
        log.Write(LogLevel.DebugLevel, null, format, arg1);

    /// <summary>Publishes a debug message.</summary>
    public static void Debug<T1, T2>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2) =>
        log.Write(LogLevel.DebugLevel, null, format, arg1, arg2);

    /// <summary>Publishes a debug message.</summary>
    public static void Debug<T1, T2, T3>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2, T3 arg3) =>
        log.Write(LogLevel.DebugLevel, null, format, arg1, arg2, arg3);

    /// <summary>Publishes a debug message.</summary>
    public static void Debug<T1, T2, T3, T4>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4) =>
        log.Write(LogLevel.DebugLevel, null, format, arg1, arg2, arg3, arg4);

    /// <summary>Publishes a debug message with its cause.</summary>
    public static void Debug(this ILoggingAdapter log, Exception? cause, string format) =>
        log.Write(LogLevel.DebugLevel, cause, format);

    /// <summary>Publishes a debug message with its cause.</summary>
    public static void Debug<T1>(this ILoggingAdapter log, Exception? cause, string format, T1 arg1) =>
        log.Write(LogLevel.DebugLevel, cause, format, arg1);

    /// <summary>Publishes a debug message with its cause.</summary>
    public static void Debug<T1, T2>(this ILoggingAdapter log, Exception? cause, string format, T1 arg1, T2 arg2) =>
        log.Write(LogLevel.DebugLevel, cause, format, arg1, arg2);

    /// <summary>Publishes a debug message with its cause.</summary>
    public static void Debug<T1, T2, T3>(this ILoggingAdapter log, Exception? cause, string format, T1 arg1, T2 arg2, T3 arg3) =>
        log.Write(LogLevel.DebugLevel, cause, format, arg1, arg2, arg3);

    /// <summary>Publishes a debug message with its cause.</summary>
    public static void Debug<T1, T2, T3, T4>(
        this ILoggingAdapter log, Exception? cause, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4) =>
        log.Write(LogLevel.DebugLevel, cause, format, arg1, arg2, arg3, arg4);

    /// <summary>Publishes an information.</summary>
    public static void Info(this ILoggingAdapter log, string format) =>
        log.Write(LogLevel.InfoLevel, null, format);

    /// <summary>Publishes an information.</summary>
    public static void Info<T1>(this ILoggingAdapter log, string format, T1 arg1) =>
        log.Write(LogLevel.InfoLevel, null, format, arg1);

    /// <summary>Publishes an information.</summary>
    public static void Info<T1, T2>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2) =>
        log.Write(LogLevel.InfoLevel, null, format, arg1, arg2);

    /// <summary>Publishes an information.</summary>
    public static void Info<T1, T2, T3>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2, T3 arg3) =>
        log.Write(LogLevel.InfoLevel, null, format, arg1, arg2, arg3);

    /// <summary>Publishes an information.</summary>
    public static void Info<T1, T2, T3, T4>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4) =>
        log.Write(LogLevel.InfoLevel, null, format, arg1, arg2, arg3, arg4);

    /// <summary>Publishes an information with its cause.</summary>
    public static void Info(this ILoggingAdapter log, Exception? cause, string format) =>
        log.Write(LogLevel.InfoLevel, cause, format);

    /// <summary>Publishes an information with its cause.</summary>
    public static void Info<T1>(this ILoggingAdapter log, Exception? cause, string format, T1 arg1) =>
        log.Write(LogLevel.InfoLevel, cause, format, arg1);

    /// <summary>Publishes an information with its cause.</summary>
    public static void Info<T1, T2>(this ILoggingAdapter log, Exception? cause, string format, T1 arg1, T2 arg2) =>
        log.Write(LogLevel.InfoLevel, cause, format, arg1, arg2);

    /// <summary>Publishes an information with its cause.</summary>
    public static void Info<T1, T2, T3>(this ILoggingAdapter log, Exception? cause, string format, T1 arg1, T2 arg2, T3 arg3) =>
        log.Write(LogLevel.InfoLevel, cause, format, arg1, arg2, arg3);

    /// <summary>Publishes an information with its cause.</summary>
    public static void Info<T1, T2, T3, T4>(
        this ILoggingAdapter log, Exception? cause, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4) =>
        log.Write(LogLevel.InfoLevel, cause, format, arg1, arg2, arg3, arg4);

    /// <summary>Publishes a warning.</summary>
    public static void Warning(this ILoggingAdapter log, string format) =>
        log.Write(LogLevel.WarningLevel, null, format);

    /// <summary>Publishes a warning.</summary>
    public static void Warning<T1>(this ILoggingAdapter log, string format, T1 arg1) =>
        log.Write(LogLevel.WarningLevel, null, format, arg1);

    /// <summary>Publishes a warning.</summary>
    public static void Warning<T1, T2>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2) =>
        log.Write(LogLevel.WarningLevel, null, format, arg1, arg2);

    /// <summary>Publishes a warning.</summary>
    public static void Warning<T1, T2, T3>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2, T3 arg3) =>
        log.Write(LogLevel.WarningLevel, null, format, arg1, arg2, arg3);

    /// <summary>Publishes a warning.</summary>
    public static void Warning<T1, T2, T3, T4>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4) =>
        log.Write(LogLevel.WarningLevel, null, format, arg1, arg2, arg3, arg4);

    /// <summary>Publishes a warning with its cause.</summary>
    public static void Warning(this ILoggingAdapter log, Exception? cause, string format) =>
        log.Write(LogLevel.WarningLevel, cause, format);

    /// <summary>Publishes a warning with its cause.</summary>
    public static void Warning<T1>(this ILoggingAdapter log, Exception? cause, string format, T1 arg1) =>
        log.Write(LogLevel.WarningLevel, cause, format, arg1);

    /// <summary>Publishes a warning with its cause.</summary>
    public static void Warning<T1, T2>(this ILoggingAdapter log, Exception? cause, string format, T1 arg1, T2 arg2) =>
        log.Write(LogLevel.WarningLevel, cause, format, arg1, arg2);

    /// <summary>Publishes a warning with its cause.</summary>
    public static void Warning<T1, T2, T3>(this ILoggingAdapter log, Exception? cause, string format, T1 arg1, T2 arg2, T3 arg3) =>
        log.Write(LogLevel.WarningLevel, cause, format, arg1, arg2, arg3);

    /// <summary>Publishes a warning with its cause.</summary>
    public static void Warning<T1, T2, T3, T4>(
        this ILoggingAdapter log, Exception? cause, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4) =>
        log.Write(LogLevel.WarningLevel, cause, format, arg1, arg2, arg3, arg4);

    /// <summary>Publishes an error.</summary>
    public static void Error(this ILoggingAdapter log, string format) =>
        log.Write(LogLevel.ErrorLevel, null, format);

    /// <summary>Publishes an error.</summary>
    public static void Error<T1>(this ILoggingAdapter log, string format, T1 arg1) =>
        log.Write(LogLevel.ErrorLevel, null, format, arg1);

    /// <summary>Publishes an error.</summary>
    public static void Error<T1, T2>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2) =>
        log.Write(LogLevel.ErrorLevel, null, format, arg1, arg2);

    /// <summary>Publishes an error.</summary>
    public static void Error<T1, T2, T3>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2, T3 arg3) =>
        log.Write(LogLevel.ErrorLevel, null, format, arg1, arg2, arg3);

    /// <summary>Publishes an error.</summary>
    public static void Error<T1, T2, T3, T4>(this ILoggingAdapter log, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4) =>
        log.Write(LogLevel.ErrorLevel, null, format, arg1, arg2, arg3, arg4);

    /// <summary>Publishes an error with its cause.</summary>
    public static void Error(this ILoggingAdapter log, Exception? cause, string format) =>
        log.Write(LogLevel.ErrorLevel, cause, format);

    /// <summary>Publishes an error with its cause.</summary>
    public static void Error<T1>(this ILoggingAdapter log, Exception? cause, string format, T1 arg1) =>
        log.Write(LogLevel.ErrorLevel, cause, format, arg1);

    /// <summary>Publishes an error with its cause.</summary>
    public static void Error<T1, T2>(this ILoggingAdapter log, Exception? cause, string format, T1 arg1, T2 arg2) =>
        log.Write(LogLevel.ErrorLevel, cause, format, arg1, arg2);

    /// <summary>Publishes an error with its cause.</summary>
    public static void Error<T1, T2, T3>(this ILoggingAdapter log, Exception? cause, string format, T1 arg1, T2 arg2, T3 arg3) =>
        log.Write(LogLevel.ErrorLevel, cause, format, arg1, arg2, arg3);

    /// <summary>Publishes an error with its cause.</summary>
    public static void Error<T1, T2, T3, T4>(
        this ILoggingAdapter log, Exception? cause, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4) =>
        log.Write(LogLevel.ErrorLevel, cause, format, arg1, arg2, arg3, arg4);

    private static void Write(this ILoggingAdapter log, LogLevel level, Exception? cause, string format)
    {
        if (log.IsEnabled(level))
        {
            log.Log(level, cause, format);
        }
    }

    private static void Write<T1>(this ILoggingAdapter log, LogLevel level, Exception? cause, string format, T1 arg1)
    {
        if (log.IsEnabled(level))
        {
            log.Log(level, cause, new FormattedLogMessage(log.Formatter, format, [arg1]));
        }
    }

    private static void Write<T1, T2>(this ILoggingAdapter log, LogLevel level, Exception? cause, string format, T1 arg1, T2 arg2)
    {
        if (log.IsEnabled(level))
        {
            log.Log(level, cause, new FormattedLogMessage(log.Formatter, format, [arg1, arg2]));
        }
    }

    private static void Write<T1, T2, T3>(
        this ILoggingAdapter log, LogLevel level, Exception? cause, string format, T1 arg1, T2 arg2, T3 arg3)
    {
        if (log.IsEnabled(level))
        {
            log.Log(level, cause, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3]));
        }
    }

    private static void Write<T1, T2, T3, T4>(
        this ILoggingAdapter log, LogLevel level, Exception? cause, string format, T1 arg1, T2 arg2, T3 arg3, T4 arg4)
    {
        if (log.IsEnabled(level))
        {
            log.Log(level, cause, new FormattedLogMessage(log.Formatter, format, [arg1, arg2, arg3, arg4]));
        }
    }
}
