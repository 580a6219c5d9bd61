CREATE EXTERNAL TABLE IF NOT EXISTS `churn`.`predictions` (
  `prediction_id` string,
  `id` string,
  `predicted_at` timestamp,
  `version` string,
  `probability` double,
  `label` string,
  `treated` boolean,
  `control` boolean,
  `outcome` bigint,
  `outcome_state` string,
  `age` bigint,
  `gender` string,
  `region` string,
  `partner` string,
  `signup_date` date,
  `last_login` date,
  `tenure_months` bigint,
  `contract` string,
  `plan` string,
  `internet` string,
  `tech_support` string,
  `online_backup` string,
  `online_security` string,
  `streaming` string,
  `usage_hours_three_months_ago` double,
  `usage_hours_two_months_ago` double,
  `usage_hours_last_month` double,
  `mobile_gb` double,
  `support_tickets` bigint,
  `satisfaction` bigint,
  `monthly_charges` double,
  `total_charges` double,
  `payment_method` string,
  `auto_pay` boolean,
  `late_payments` bigint
)
PARTITIONED BY (`day` string)
STORED AS PARQUET
LOCATION 's3://churn-data/churn-dev/log/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.day.type' = 'date',
  'projection.day.range' = '2020-01-01,NOW',
  'projection.day.format' = 'yyyy-MM-dd',
  'storage.location.template' = 's3://churn-data/churn-dev/log/${day}/'
);
